//! Tests of the link's control.

mod blind_guess;
mod lane_planner;
mod link;
mod messages;
mod plan_choice;
