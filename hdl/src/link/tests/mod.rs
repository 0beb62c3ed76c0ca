//! Tests of the link's control.

mod blind_guess;
mod lane_planner;
mod link;
mod link_control;
mod messages;
mod plan_choice;
