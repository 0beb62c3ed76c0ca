//! `#[derive(LogicBlock)]` of the lightswitch blocks: rust-hdl's, but for how a block is evaluated.
//!
//! It lists a structure's fields; what is done with them stands in `evaluate` of `lightswitch-hdl`. As in rust-hdl,
//! fields whose name begins with `_` are no part of the hardware.

use proc_macro::TokenStream;
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields, GenericArgument, PathArguments, Result, Type};

/// Makes a block of a structure: implements rust-hdl's `Block`, and `Evaluate` and `Parts` of `lightswitch-hdl`.
#[proc_macro_derive(LogicBlock)]
pub fn logic_block(item: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(item as DeriveInput);
    implement(&input)
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

fn implement(input: &DeriveInput) -> Result<proc_macro2::TokenStream> {
    let Data::Struct(structure) = &input.data else {
        return Err(Error::new(input.span(), "a block is a structure"));
    };
    let Fields::Named(fields) = &structure.fields else {
        return Err(Error::new(
            structure.fields.span(),
            "the fields of a block have names",
        ));
    };
    let hardware = || {
        fields.named.iter().filter_map(|field| {
            let ident = field.ident.as_ref()?;
            (!ident.to_string().starts_with('_')).then_some((ident, &field.ty))
        })
    };
    let (clocks, parts): (Vec<_>, Vec<_>) = hardware().partition(|(_, kind)| is_clock(kind));
    let clock = match clocks.as_slice() {
        [] => quote!(None),
        [(clock, _)] => quote!(Some(&mut self.#clock)),
        [_, (second, _), ..] => {
            return Err(Error::new(second.span(), "a block has one clock"));
        }
    };
    let all: Vec<_> = hardware().map(|(ident, _)| ident).collect();
    let labels: Vec<_> = all.iter().map(ToString::to_string).collect();
    let (part, kind): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let block = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let evaluate = quote!(::lightswitch_hdl::evaluate);
    Ok(quote! {
        impl #generics Block for #block #arguments #bounds {
            fn connect_all(&mut self) {
                self.connect();
                #(self.#all.connect_all();)*
            }

            fn update_all(&mut self) {
                #evaluate::update_all(self);
            }

            fn has_changed(&self) -> bool {
                false #(|| #evaluate::Evaluate::has_left(&self.#part))*
            }

            fn accept(&self, name: &str, probe: &mut dyn Probe) {
                probe.visit_start_scope(name, self);
                #(self.#all.accept(#labels, probe);)*
                probe.visit_end_scope(name, self);
            }
        }

        impl #generics #evaluate::Evaluate for #block #arguments #bounds {
            const IS_CLOCKED: bool = true;

            fn start(&mut self) {
                #evaluate::start(self);
            }

            fn settle(&mut self) -> bool {
                #evaluate::settle(self)
            }

            fn clock_edge(&mut self) -> bool {
                #evaluate::clock_edge(self)
            }
        }

        impl #generics #evaluate::Parts for #block #arguments #bounds {
            const ARE_CLOCKED: bool = false #(|| <#kind as #evaluate::Evaluate>::IS_CLOCKED)*;

            fn clock(&mut self) -> Option<&mut Signal<In, Clock>> {
                #clock
            }

            fn is_started(&self) -> bool {
                false #(|| #evaluate::Evaluate::is_started(&self.#part))*
            }

            fn start(&mut self) {
                #(#evaluate::Evaluate::start(&mut self.#part);)*
            }

            fn enter(&mut self) -> bool {
                false #(| #evaluate::Evaluate::enter(&mut self.#part))*
            }

            fn leave(&mut self) -> bool {
                false #(| #evaluate::Evaluate::leave(&mut self.#part))*
            }

            fn settle(&mut self) -> bool {
                false #(| #evaluate::Evaluate::settle(&mut self.#part))*
            }

            fn clock_edge(&mut self) -> bool {
                false #(| #evaluate::Evaluate::clock_edge(&mut self.#part))*
            }
        }
    })
}

/// Whether this is the type of a clock input, `Signal<In, Clock>`.
fn is_clock(kind: &Type) -> bool {
    let Type::Path(path) = kind else {
        return false;
    };
    let Some(PathArguments::AngleBracketed(arguments)) =
        path.path.segments.last().map(|segment| &segment.arguments)
    else {
        return false;
    };
    arguments.args.iter().any(|argument| {
        matches!(argument, GenericArgument::Type(Type::Path(path)) if path.path.is_ident("Clock"))
    })
}
