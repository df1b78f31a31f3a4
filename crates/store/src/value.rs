//! Columns' values as a row holds them on its way in, without a copy where none is needed.

use bytes::{Bytes, BytesMut};
use domain::Origin;
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use std::borrow::Cow;
use std::error::Error;
use std::ops::Deref;

/// A text that is one of ours nearly always: a status, an outcome, the name of a known event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(Cow<'static, str>);

/// The column of an origin, which is NULL for what the webhook brought.
#[must_use]
pub const fn origin_column(origin: Origin) -> Option<&'static str> {
    match origin {
        Origin::Webhook => None,
        Origin::Reconcile => Some(Origin::Reconcile.as_str()),
    }
}

/// The origin that a column holds. The schema allows only what [`origin_column`] writes.
pub(crate) fn origin(column: Option<&str>) -> Origin {
    column.and_then(Origin::parse).unwrap_or_default()
}

/// Bytes that share their memory with whatever they were cut from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw(pub Bytes);

impl From<&'static str> for Word {
    fn from(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }
}

impl From<String> for Word {
    fn from(word: String) -> Self {
        Self(Cow::Owned(word))
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Deref for Raw {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl ToSql for Word {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        <&str as ToSql>::to_sql(&&**self, ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        <&str as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Word {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        String::from_sql(ty, raw).map(Self::from)
    }

    fn accepts(ty: &Type) -> bool {
        <String as FromSql<'_>>::accepts(ty)
    }
}

impl ToSql for Raw {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        <&[u8] as ToSql>::to_sql(&&**self, ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        <&[u8] as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Raw {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        <&[u8]>::from_sql(ty, raw).map(|raw| Self(Bytes::copy_from_slice(raw)))
    }

    fn accepts(ty: &Type) -> bool {
        <&[u8] as FromSql<'_>>::accepts(ty)
    }
}
