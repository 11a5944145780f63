//! The one algorithm of the crate `crc-fast` that object_store uses, without its 690 kB of tables.
//!
//! It is never run: the checksum CRC64NVME is refused when a store is opened, because bodies stay
//! in the host. It is nevertheless right, so that nothing is wrong if that changes.

/// The polynomial of CRC-64/NVME, reflected.
const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;

/// Which checksum to compute.
#[derive(Clone, Copy, Debug)]
pub enum CrcAlgorithm {
    /// CRC-64/NVME.
    Crc64Nvme,
}

/// A checksum in the making.
#[derive(Clone, Debug)]
pub struct Digest(u64);

impl Digest {
    /// The checksum of nothing.
    pub fn new(_: CrcAlgorithm) -> Self {
        Self(u64::MAX)
    }

    /// Adds bytes.
    pub fn update(&mut self, data: &[u8]) {
        for byte in data {
            self.0 ^= u64::from(*byte);
            for _ in 0..8 {
                let carry = self.0 & 1;
                self.0 = (self.0 >> 1) ^ (POLYNOMIAL * carry);
            }
        }
    }

    /// The checksum.
    pub fn finalize(&self) -> u64 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
        digest.update(b"123456789");
        assert_eq!(digest.finalize(), 0xae8b_1486_0a79_9888);
    }
}
