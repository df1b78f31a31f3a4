//! What the sender of a mail put on it: custom arguments and categories that somebody chose, in place of made-up ones.
//!
//! SendGrid flattens custom arguments beside its own fields, and its own win (Twilio SendGrid, "Unique Arguments").
//! Spam reports, bounces by mail and what is about the account carry neither arguments nor categories.

use crate::step::Step;
use serde_json::{Map, Value, json};

/// Bytes that SendGrid takes of custom arguments, names and values together.
pub const CUSTOM_ARGS_BYTES_MAX: usize = 10_000;

/// The made-up arguments, which give way to chosen ones.
const MADE_UP: [&str; 2] = ["campaign", "order_id"];

/// Chosen arguments and categories; without any, an element keeps the made-up ones.
#[derive(Clone, Debug, Default)]
pub struct Dress {
    pub(crate) custom_args: Vec<(String, String)>,
    pub(crate) categories: Vec<String>,
    /// SendGrid's own marks of a mailing, which are there whatever was chosen.
    pub(crate) marks: Vec<(&'static str, &'static str)>,
}

impl Dress {
    #[must_use]
    pub const fn new(custom_args: Vec<(String, String)>, categories: Vec<String>) -> Self {
        Self { custom_args, categories, marks: Vec::new() }
    }

    /// Changes an element of this step as if its mail had been sent so.
    pub fn put_on(&self, step: Step, element: &mut Map<String, Value>) {
        if !carries(step) {
            return;
        }
        for (name, value) in &self.marks {
            element.insert((*name).to_owned(), json!(value));
        }
        if !self.categories.is_empty() {
            element.insert("category".to_owned(), json!(self.categories));
        }
        if !self.custom_args.is_empty() {
            MADE_UP.iter().for_each(|name| drop(element.remove(*name)));
        }
        for (name, value) in &self.custom_args {
            element.entry(name.as_str()).or_insert_with(|| json!(value));
        }
    }
}

const fn carries(step: Step) -> bool {
    !matches!(step, Step::Spamreport | Step::AsyncBounce | Step::AccountStatusChange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Happening, element};
    use crate::mail::Mail;

    fn dressed(step: Step, dress: &Dress) -> Map<String, Value> {
        let element = element(&Mail::new(7, 1, 0), Happening { step, repeat: 0, at: 5 });
        let Value::Object(mut fields) = element else { panic!("an element is an object") };
        dress.put_on(step, &mut fields);
        fields
    }

    fn dress() -> Dress {
        let args = [("tenant", "7"), ("event", "mine"), ("email", "mine"), ("type", "mine")];
        let args = args.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Dress::new(args.to_vec(), vec!["a".to_owned(), "b".to_owned()])
    }

    #[test]
    fn chosen_arguments_replace_made_up_ones_and_yield_to_sendgrids_own() {
        let delivered = dressed(Step::Delivered, &dress());
        assert_eq!((&delivered["tenant"], &delivered["category"]), (&json!("7"), &json!(["a", "b"])));
        assert_eq!((&delivered["event"], delivered.get("order_id")), (&json!("delivered"), None));
        assert_ne!(delivered["email"], "mine");
        // `type` is SendGrid's own on a bounce, and shows through elsewhere.
        assert_eq!(
            (&delivered["type"], &dressed(Step::Bounce, &dress())["type"]),
            (&json!("mine"), &json!("bounce"))
        );
    }

    #[test]
    fn what_loses_its_arguments_is_left_alone_and_so_is_everything_without_a_choice() {
        for step in [Step::Spamreport, Step::AsyncBounce, Step::AccountStatusChange] {
            assert_eq!(dressed(step, &dress()), dressed(step, &Dress::default()), "{step:?}");
        }
        let plain = element(&Mail::new(7, 1, 0), Happening { step: Step::Open, repeat: 0, at: 5 });
        assert_eq!(Value::Object(dressed(Step::Open, &Dress::default())), plain);
    }
}
