//! The client of SendGrid's API against the stand-in of it, over real HTTP: what it asks, what it makes of every answer
//! that is documented, and what it does when there is none.

mod limits;
mod records;
mod trouble;
mod webhooks;

use crate::harness::SendGrid;
use crate::harness::sendgrid::KEY;
use secrecy::SecretString;
use sendgrid::{ApiKey, Base, Client, OnBehalfOf, Settings};

/// With the key that may do everything.
fn settings(sendgrid: &SendGrid) -> Settings {
    settings_with(sendgrid, KEY)
}

fn settings_with(sendgrid: &SendGrid, key: &str) -> Settings {
    let key = ApiKey::parse(&SecretString::from(key)).unwrap();
    Settings::new(Base::parse(&sendgrid.url()).unwrap(), key)
}

fn client(sendgrid: &SendGrid) -> Client {
    Client::new(settings(sendgrid)).unwrap()
}

fn client_with(sendgrid: &SendGrid, key: &str) -> Client {
    Client::new(settings_with(sendgrid, key)).unwrap()
}

fn client_for(sendgrid: &SendGrid, subuser: &str) -> Client {
    let mut settings = settings(sendgrid);
    settings.on_behalf_of = Some(OnBehalfOf::parse(subuser).unwrap());
    Client::new(settings).unwrap()
}
