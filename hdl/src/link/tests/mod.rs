//! Tests of the link's control.

mod lane_planner;
mod link;
mod messages;
mod plan_choice;
