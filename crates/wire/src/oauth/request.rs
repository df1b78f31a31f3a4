//! What a client says when it asks for a token: a form of RFC 6749 with the credentials in it, or in a Basic header.
//!
//! Read strictly, because who asks is hostile until proven otherwise: each parameter once, one way of naming oneself,
//! whole escapes. Parameters that mean nothing here are passed over, as the RFC demands; among them is `scope`, because
//! a token is good for one thing only. The secret becomes its hash at once.

use super::SecretHash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

const FORM: &[u8] = b"application/x-www-form-urlencoded";
const SCHEME: &[u8] = b"basic";
const GRANT_TYPE: &[u8] = b"client_credentials";

/// Most parameters of a form. Clients send three or four.
const PARAMETERS_MAX: usize = 32;

/// Who asks, and the hash of what is to prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub client_id: String,
    pub secret: SecretHash,
}

/// What the head of a request for a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    basic: Option<Credentials>,
}

/// Why a request for a token is refused before anybody looks whose it is. The sentences are shown to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("The body must be of the type application/x-www-form-urlencoded.")]
    NotAForm,
    #[error("There is more than one Authorization header.")]
    TwoAuthorizations,
    #[error("The Authorization header must be Basic, with base64 of the client id, a colon and the secret.")]
    NotBasic,
    #[error("The form cannot be read.")]
    BrokenForm,
    #[error("The form has too many parameters.")]
    TooManyParameters,
    #[error("A parameter is given more than once.")]
    Repeated,
    #[error("The parameter grant_type is missing.")]
    NoGrantType,
    #[error("The only grant_type is client_credentials.")]
    OtherGrantType,
    #[error("The client names itself in two ways: either a Basic header or parameters are wanted.")]
    TwoMethods,
    #[error("Client id and secret are missing.")]
    NoCredentials,
}

impl RequestError {
    pub const ALL: [Self; 10] = [
        Self::NotAForm,
        Self::TwoAuthorizations,
        Self::NotBasic,
        Self::BrokenForm,
        Self::TooManyParameters,
        Self::Repeated,
        Self::NoGrantType,
        Self::OtherGrantType,
        Self::TwoMethods,
        Self::NoCredentials,
    ];
}

impl RequestHead {
    /// Takes the values of all headers `Content-Type` and `Authorization`.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotAForm`], [`RequestError::TwoAuthorizations`], [`RequestError::NotBasic`].
    pub fn read<'a>(
        content_type: impl IntoIterator<Item = &'a [u8]>,
        authorization: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, RequestError> {
        let mut content_type = content_type.into_iter();
        if !content_type.next().is_some_and(is_form) || content_type.next().is_some() {
            return Err(RequestError::NotAForm);
        }
        let mut authorization = authorization.into_iter();
        let basic = authorization.next().map(|value| basic(value).ok_or(RequestError::NotBasic));
        if authorization.next().is_some() {
            return Err(RequestError::TwoAuthorizations);
        }
        Ok(Self { basic: basic.transpose()? })
    }

    /// Who asks, by head and body together.
    ///
    /// # Errors
    ///
    /// The others of [`RequestError`].
    pub fn credentials(self, form: &[u8]) -> Result<Credentials, RequestError> {
        let form = Form::read(form)?;
        match form.grant_type.as_deref() {
            None => return Err(RequestError::NoGrantType),
            Some(GRANT_TYPE) => {}
            Some(_) => return Err(RequestError::OtherGrantType),
        }
        match (self.basic, form.client_id, form.secret) {
            (None, Some(client_id), Some(secret)) => {
                let client_id = String::from_utf8(client_id).map_err(|_| RequestError::BrokenForm)?;
                Ok(Credentials { client_id, secret })
            }
            (None, _, _) => Err(RequestError::NoCredentials),
            // Some clients repeat their id in the form: that is no second method as long as it is the same.
            (Some(basic), id, None) if id.as_deref().is_none_or(|id| id == basic.client_id.as_bytes()) => {
                Ok(basic)
            }
            (Some(_), _, _) => Err(RequestError::TwoMethods),
        }
    }
}

fn is_form(content_type: &[u8]) -> bool {
    let media_type = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(FORM)
}

/// RFC 7617 with the escaping of RFC 6749, section 2.3.1.
fn basic(header: &[u8]) -> Option<Credentials> {
    let (scheme, rest) = header.split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) || rest.first() != Some(&b' ') {
        return None;
    }
    let pair = BASE64.decode(rest.trim_ascii()).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let (id, secret) = (unescape(&pair[..colon])?, unescape(&pair[colon + 1..])?);
    let client_id = String::from_utf8(id).ok().filter(|id| !id.is_empty())?;
    Some(Credentials { client_id, secret: SecretHash::of(&secret) })
}

/// The parameters that mean something. Empty ones count as absent, as the RFC has it.
#[derive(Default)]
struct Form {
    grant_type: Option<Vec<u8>>,
    client_id: Option<Vec<u8>>,
    secret: Option<SecretHash>,
}

impl Form {
    fn read(text: &[u8]) -> Result<Self, RequestError> {
        let mut form = Self::default();
        let mut names: Vec<Vec<u8>> = Vec::new();
        for parameter in text.split(|byte| *byte == b'&').filter(|parameter| !parameter.is_empty()) {
            if names.len() == PARAMETERS_MAX {
                return Err(RequestError::TooManyParameters);
            }
            let mut halves = parameter.splitn(2, |byte| *byte == b'=');
            let name = unescape(halves.next().unwrap_or_default()).ok_or(RequestError::BrokenForm)?;
            let value = unescape(halves.next().unwrap_or_default()).ok_or(RequestError::BrokenForm)?;
            if names.contains(&name) {
                return Err(RequestError::Repeated);
            }
            let value = (!value.is_empty()).then_some(value);
            match name.as_slice() {
                b"grant_type" => form.grant_type = value,
                b"client_id" => form.client_id = value,
                b"client_secret" => form.secret = value.as_deref().map(SecretHash::of),
                _ => {}
            }
            names.push(name);
        }
        Ok(form)
    }
}

/// Undoes the escaping of forms; `None` for an escape that is not whole.
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => (digit(*rest.next()?)? << 4) | digit(*rest.next()?)?,
            other => *other,
        });
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests;
