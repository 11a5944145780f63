//! The cryptography that signing needs, by RustCrypto; a placeholder's digest comes from the host.

use crate::alias;
use crate::body::is_placeholder;
use crate::desk::Desk;
use crate::error::generic;
use crate::sas;
use hmac::{Hmac, KeyInit, Mac};
use object_store::Result;
use object_store::client::{
    CryptoProvider, DigestAlgorithm, DigestContext, HmacContext, Signer, SigningAlgorithm,
};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Sign, PrivateKey};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};

/// What precedes a SHA-256 in a PKCS#1 v1.5 signature (RFC 8017, section 9.2, note 1).
const SHA256_PREFIX: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A message that is no longer than this makes a key of a key: SigV4 derives its own so, from the
/// day, the region and the service, the same ones for every request of a day.
const DERIVING: usize = 32;

/// How many derived keys are kept.
const KEPT: usize = 8;

/// The crate's `CryptoProvider`.
#[derive(Debug)]
pub struct Crypto {
    desk: Arc<Desk>,
    derived: Arc<Derived>,
}

impl Crypto {
    /// One that gets the digests of placeholders from `desk`.
    pub fn new(desk: Arc<Desk>) -> Self {
        Self { desk, derived: Arc::default() }
    }
}

/// The last derived keys: secret and message in front, tag behind.
#[derive(Default)]
struct Derived(Mutex<Vec<(Vec<u8>, [u8; 32])>>);

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Derived")
    }
}

impl Derived {
    fn tag(&self, secret: &[u8], message: &[u8]) -> Result<[u8; 32]> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let given = [&(secret.len() as u64).to_be_bytes(), secret, message].concat();
        if let Some((_, tag)) = kept.iter().find(|(known, _)| *known == given) {
            return Ok(*tag);
        }
        let tag = hmac(secret, message)?;
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((given, tag));
        Ok(tag)
    }
}

fn hmac(secret: &[u8], message: &[u8]) -> Result<[u8; 32]> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret).map_err(|_| generic("this key cannot sign"))?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().into())
}

impl CryptoProvider for Crypto {
    fn digest(&self, algorithm: DigestAlgorithm) -> Result<Box<dyn DigestContext>> {
        match algorithm {
            DigestAlgorithm::Sha256 => Ok(Box::new(Digesting::new(self.desk.clone()))),
            _ => Err(generic("this digest is not known")),
        }
    }

    fn hmac(&self, algorithm: DigestAlgorithm, secret: &[u8]) -> Result<Box<dyn HmacContext>> {
        match algorithm {
            DigestAlgorithm::Sha256 => Ok(Box::new(Signing {
                derived: self.derived.clone(),
                secret: secret.to_vec(),
                message: Vec::new(),
                tag: [0; 32],
            })),
            _ => Err(generic("this digest is not known")),
        }
    }

    fn sign(&self, algorithm: SigningAlgorithm, pem: &[u8]) -> Result<Box<dyn Signer>> {
        match algorithm {
            SigningAlgorithm::RS256 => Ok(Box::new(RsaSigner::from_pem(pem)?)),
            _ => Err(generic("this signing algorithm is not known")),
        }
    }
}

struct Digesting {
    desk: Arc<Desk>,
    own: Sha256,
    own_bytes: bool,
    host_bytes: u64,
    out: [u8; 32],
}

impl Digesting {
    fn new(desk: Arc<Desk>) -> Self {
        Self { desk, own: Sha256::new(), own_bytes: false, host_bytes: 0, out: [0; 32] }
    }

    fn host_digest(&self) -> Result<[u8; 32]> {
        if self.own_bytes {
            return Err(generic("a digest mixes the host's bytes with others"));
        }
        match self.desk.current_body() {
            Some(body) if body.length == self.host_bytes => body.digest.ok_or_else(|| {
                generic("the SHA-256 of the body is needed and the host did not give it")
            }),
            _ => Err(generic("the placeholder does not stand for this operation's body")),
        }
    }
}

impl DigestContext for Digesting {
    fn update(&mut self, data: &[u8]) {
        if is_placeholder(data) {
            self.host_bytes += data.len() as u64;
        } else {
            self.own_bytes |= !data.is_empty();
            self.own.update(alias::wire(data)); // what is sent is what is signed
        }
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.out = match self.host_bytes {
            0 => self.own.finalize_reset().into(),
            _ => self.host_digest()?,
        };
        Ok(&self.out)
    }
}

struct Signing {
    derived: Arc<Derived>,
    secret: Vec<u8>,
    message: Vec<u8>,
    tag: [u8; 32],
}

impl HmacContext for Signing {
    fn update(&mut self, data: &[u8]) {
        self.message.extend_from_slice(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.tag = match self.message.len() <= DERIVING {
            true => self.derived.tag(&self.secret, &self.message)?,
            false => hmac(&self.secret, &sas::message(&alias::wire(&self.message)))?,
        };
        Ok(&self.tag)
    }
}

struct RsaSigner(PrivateKey);

impl RsaSigner {
    fn from_pem(pem: &[u8]) -> Result<Self> {
        let text =
            std::str::from_utf8(pem).map_err(|_| generic("the private key is no PEM text"))?;
        PrivateKey::from_pkcs8_pem(text)
            .or_else(|_| PrivateKey::from_pkcs1_pem(text))
            .map(Self)
            .map_err(|_| generic("the private key is no unencrypted RSA key in PEM form"))
    }
}

impl Signer for RsaSigner {
    fn sign(&self, string_to_sign: &[u8]) -> Result<Vec<u8>> {
        let scheme = Pkcs1v15Sign { hash_len: Some(32), prefix: SHA256_PREFIX.into() };
        self.0
            .sign(scheme, &Sha256::digest(string_to_sign))
            .map_err(|_| generic("the private key cannot sign"))
    }
}
