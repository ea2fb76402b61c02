//! Certificates of the only authorities that are to be trusted: read when they are given, so that whoever names the file hears
//! of what is wrong with it, and not of a store that cannot prove who it is.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{Error as PemError, PemObject};

/// Authorities of somebody's own, trusted instead of the system's.
#[derive(Debug, Clone)]
pub struct Authorities(RootCertStore);

/// What is wrong with such a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAuthorities {
    /// Nothing in it says that it is a certificate.
    #[error("there is no certificate in PEM form in it")]
    None,
    /// It begins and does not end.
    #[error("it ends in the middle of a certificate")]
    CutShort,
    /// What stands between beginning and end is none.
    #[error("a certificate in it is damaged, or is none")]
    Damaged,
}

impl Authorities {
    /// From one or several certificates in PEM form.
    pub fn from_pem(pem: &[u8]) -> Result<Self, BadAuthorities> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| match error {
                PemError::MissingSectionEnd { .. } => BadAuthorities::CutShort,
                _ => BadAuthorities::Damaged,
            })?;
            roots.add(certificate).map_err(|_| BadAuthorities::Damaged)?;
        }
        if roots.is_empty() { Err(BadAuthorities::None) } else { Ok(Self(roots)) }
    }

    pub(super) fn roots(&self) -> RootCertStore {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_of_certificates_is_told_as_what_it_is_and_in_words() {
        let junk = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let no_base64 = b"-----BEGIN CERTIFICATE-----\n!?\n-----END CERTIFICATE-----\n";
        for (pem, expected) in [
            (b"".as_slice(), BadAuthorities::None),
            (b"certificate", BadAuthorities::None),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n", BadAuthorities::CutShort),
            (junk, BadAuthorities::Damaged),
            (no_base64, BadAuthorities::Damaged),
            (b"-----BEGIN CERTIFICATE\n", BadAuthorities::Damaged),
        ] {
            let error = Authorities::from_pem(pem).err();
            assert_eq!(error, Some(expected), "{}", pem.escape_ascii());
            assert!(!expected.to_string().contains(['[', '{']), "{expected}");
        }
    }
}
