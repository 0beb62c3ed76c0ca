//! scratch
use lightswitch_hdl::{config::Config, target::Target, tops};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let d = tops::export(
        Config::named(&a[1]).unwrap(),
        tops::Top::named(&a[2]).unwrap(),
        Target::named(&a[3]).unwrap(),
    );
    match d {
        Ok(d) => d.write(std::path::Path::new(&a[4])).unwrap(),
        Err(e) => {
            eprintln!("{e}");
            std::process::exit(1)
        }
    }
}
