//! The lines of a stream of server-sent events, out of bytes that are cut anywhere. What
//! OpenAI-compatible servers send: one `data:` line an event, some without the blank
//! line after it.

/// Collects bytes until their lines are whole.
#[derive(Debug, Default)]
pub struct Lines {
    /// The line that has not ended.
    open: Vec<u8>,
}

impl Lines {
    /// The data of each event that ends within these bytes, in order. Comments, names and
    /// numbers of events are passed over; what is no UTF-8 is read with marks in its place.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => found.extend(self.end()),
                _ => self.open.push(*byte),
            }
        }
        found
    }

    /// The data of a last line that nothing ended.
    pub fn end(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.open);
        let line = String::from_utf8_lossy(&line);
        let data = line.strip_prefix("data:")?;
        Some(data.strip_prefix(' ').unwrap_or(data).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut data: Vec<String> = pieces.iter().flat_map(|it| lines.push(it)).collect();
        data.extend(lines.end());
        data
    }

    #[test]
    fn data_is_told_whatever_ends_its_line_and_whatever_stands_beside_it() {
        let stream =
            ": hello\r\nevent: x\r\ndata: {\"a\": 1}\r\n\r\ndata:two\ndata: ü\r\rid: 7\ndata: last";
        assert_eq!(read(&[stream.as_bytes()]), ["{\"a\": 1}", "two", "ü", "last"]);
    }

    proptest! {
        #[test]
        fn where_bytes_are_cut_makes_no_difference(
            stream in prop::collection::vec(any::<u8>(), 0..200),
            text in "(data: ?[aü\\r\\n:]{0,9}[\\r\\n]{0,2}){0,9}",
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
        ) {
            for bytes in [stream.as_slice(), text.as_bytes()] {
                let mut cuts: Vec<usize> = cuts.iter().map(|it| it.index(bytes.len() + 1)).collect();
                cuts.extend([0, bytes.len()]);
                cuts.sort_unstable();
                let pieces: Vec<&[u8]> = cuts.windows(2).map(|it| &bytes[it[0]..it[1]]).collect();
                prop_assert_eq!(read(&pieces), read(&[bytes]));
            }
        }
    }
}
