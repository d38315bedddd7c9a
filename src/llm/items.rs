//! The objects of one list in a JSON object, each as soon as it is written: a model's
//! sentences while the model still writes. Reads letter by letter, so that where a text
//! is cut makes no difference; takes any text, and never an object that is not whole.

use serde_json::Value;

use super::answer;

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the object: thoughts, a code fence, prose.
    Before,
    /// In the object, not in a value.
    Fields,
    /// In the name of a field that begins at this byte.
    Name(usize),
    /// Behind a name that is the list's.
    Ours,
    /// In a value that is not the list, so deep.
    Other(usize),
    /// In the list, between its items.
    List,
    /// In an item that begins at this byte, so deep.
    Item(usize, usize),
    /// The list has ended.
    Done,
    /// It is not what it should be; but if nothing was read yet, what opened like the
    /// object may have been a thought.
    Broken,
}

/// Reads the items of the list with one name.
#[derive(Debug)]
pub struct Items {
    name: &'static str,
    text: String,
    place: Place,
    in_string: bool,
    is_escaped: bool,
    n_items: usize,
}

impl Items {
    pub fn of(name: &'static str) -> Items {
        Items {
            name,
            text: String::new(),
            place: Place::Before,
            in_string: false,
            is_escaped: false,
            n_items: 0,
        }
    }

    /// All text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The items that end within this piece of the text, in order. Trailing commas and
    /// the like are forgiven within them. None once [`Items::failure`] is set.
    pub fn push(&mut self, piece: &str) -> Vec<Value> {
        let mut items = Vec::new();
        for letter in piece.chars() {
            let at = self.text.len();
            self.text.push(letter);
            let item = self.step(letter, at);
            self.n_items += usize::from(item.is_some());
            items.extend(item);
        }
        items
    }

    /// In our own words, why nothing more is read. `None` while it is what it should be.
    pub fn failure(&self) -> Option<&'static str> {
        let is_broken = self.place == Place::Broken && 0 < self.n_items;
        is_broken.then_some("an item of its list is no object")
    }

    /// What is left when nothing follows: of a text that opened with other things than its
    /// object, the items that are found in it as a whole.
    ///
    /// # Errors
    /// In our own words, if the list has not ended.
    pub fn end(&mut self) -> Result<Vec<Value>, &'static str> {
        if self.place == Place::Done {
            return Ok(Vec::new());
        }
        if let Some(why) = self.failure() {
            return Err(why);
        }
        if 0 < self.n_items {
            return Err("it was cut off");
        }
        let object = answer::object(&self.text).ok_or("it is not a JSON object")?;
        match object.get(self.name) {
            Some(Value::Array(items)) => Ok(items.clone()),
            Some(_) | None => Err("it has no list of that name"),
        }
    }

    /// True if the list has ended: nothing of it follows.
    pub fn is_done(&self) -> bool {
        self.place == Place::Done
    }

    fn step(&mut self, letter: char, at: usize) -> Option<Value> {
        if matches!(self.place, Place::Done | Place::Broken) {
            return None;
        }
        if self.in_string {
            self.within_string(letter, at);
            return None;
        }
        let opens = matches!(letter, '{' | '[');
        let closes = matches!(letter, '}' | ']');
        self.in_string = letter == '"' && self.place != Place::Before;
        let (place, item) = match (self.place, letter) {
            (Place::Before, '{') => (Place::Fields, None),
            (Place::Fields, '"') => (Place::Name(at + 1), None),
            (Place::Fields, _) if opens => (Place::Other(1), None),
            (Place::Ours, ':') => (Place::Ours, None),
            (Place::Ours, '[') => (Place::List, None),
            (Place::Ours, it) if !it.is_whitespace() => (Place::Broken, None),
            (Place::Other(1), _) if closes => (Place::Fields, None),
            (Place::Other(depth), _) if closes => (Place::Other(depth - 1), None),
            (Place::Other(depth), _) if opens => (Place::Other(depth + 1), None),
            (Place::List, '{') => (Place::Item(at, 1), None),
            (Place::List, ']') => (Place::Done, None),
            (Place::List, it) if it != ',' && !it.is_whitespace() => (Place::Broken, None),
            (Place::Item(from, 1), _) if closes => (Place::List, Some(from)),
            (Place::Item(from, depth), _) if closes => (Place::Item(from, depth - 1), None),
            (Place::Item(from, depth), _) if opens => (Place::Item(from, depth + 1), None),
            (place, _) => (place, None),
        };
        self.place = place;
        let text = self.text.get(item?..).unwrap_or_default();
        let item = answer::object(text);
        if item.is_none() {
            self.place = Place::Broken;
        }
        item
    }

    fn within_string(&mut self, letter: char, at: usize) {
        if std::mem::take(&mut self.is_escaped) {
            return;
        }
        self.is_escaped = letter == '\\';
        if letter != '"' {
            return;
        }
        self.in_string = false;
        if let Place::Name(from) = self.place {
            let is_ours = self.text.get(from..at) == Some(self.name);
            self.place = if is_ours { Place::Ours } else { Place::Fields };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Everything that was read, and how it ended.
    fn read(pieces: &[&str]) -> (Vec<Value>, Option<&'static str>) {
        let mut reader = Items::of("sentences");
        let mut items = Vec::new();
        for piece in pieces {
            items.extend(reader.push(piece));
        }
        match reader.end() {
            Ok(more) => {
                items.extend(more);
                (items, None)
            }
            Err(why) => (items, Some(why)),
        }
    }

    #[test]
    fn each_item_is_told_when_it_ends_and_not_before() {
        let mut reader = Items::of("sentences");
        assert_eq!(
            reader.push("{\"note\": {\"sentences\": [{\"a\": 1}]}, \"sent"),
            vec![] as Vec<Value>
        );
        assert_eq!(
            reader.push("ences\" : [ {\"text\": \"a } ] \\\" b\", \"cites\": [1]"),
            vec![] as Vec<Value>
        );
        let first = json!({"text": "a } ] \" b", "cites": [1]});
        assert_eq!(reader.push("}, {\"text\""), vec![first]);
        assert_eq!(reader.push(": {}}]"), vec![json!({"text": {}})]);
        assert!(reader.is_done());
        assert_eq!(reader.push("} and more [{}"), vec![] as Vec<Value>);
        assert_eq!(reader.end(), Ok(vec![]));
    }

    #[test]
    fn what_is_cut_or_is_no_list_of_objects_is_told() {
        for (text, n_items, is_sound) in [
            ("{\"sentences\": []}", 0, true),
            ("```json\n{\"sentences\": [{\"a\": 1,},]}\n```", 1, true),
            ("<think>{\"sentences\": 7} or {\"sentences\"</think>{\"sentences\": [{}]}", 1, true),
            ("I think {so}. {\"sentences\": [{}]}", 1, true),
            ("{\"sentences\": [{\"a\": 1}, {\"b\"", 1, false),
            ("{\"sentences\": [{\"a\": 1}, 7, {}]}", 1, false),
            ("{\"sentences\": \"none\"}", 0, false),
            ("{\"sentence\": []}", 0, false),
            ("No.", 0, false),
            ("", 0, false),
        ] {
            let (items, failure) = read(&[text]);
            assert_eq!(items.len(), n_items, "{text}: {items:?}");
            assert_eq!(failure.is_none(), is_sound, "{text}: {failure:?}");
        }
    }

    proptest! {
        #[test]
        fn where_a_text_is_cut_makes_no_difference(
            text in prop_oneof![
                "\\PC{0,200}",
                "[{}\\[\\]\",:\\\\as\n ]{0,200}",
                "\\{\"sentences\": ?\\[(\\{\"a\": ?\"[{}\\[\\],ü\\\\]{0,3}\"\\},?){0,5}[\\]x}]{0,3}",
            ],
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
        ) {
            let mut cuts: Vec<usize> = cuts
                .iter()
                .map(|it| text.floor_char_boundary(it.index(text.len() + 1)))
                .collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> =
                cuts.windows(2).filter_map(|it| text.get(it[0]..it[1])).collect();
            prop_assert_eq!(read(&pieces), read(&[&text]));
        }

        #[test]
        fn sound_objects_are_read_as_a_parser_reads_them(
            texts in prop::collection::vec("\\PC{0,40}", 0..6),
            before in "[^{}<>]{0,20}",
            other in "\\PC{0,20}",
        ) {
            let items: Vec<Value> = texts.iter().map(|it| json!({"text": it, "cites": [1]})).collect();
            let object = json!({"note": {"sentences": [other]}, "sentences": items});
            prop_assert_eq!(read(&[&format!("{before}{object}")]), (items, None));
        }
    }
}
