//! Whether a sentence stands in a passage as it is. Only whole sentences, lines
//! and steps count: half a sentence can say the opposite of the whole.

/// True if `sentence` stands in `text` verbatim, line breaks and runs of blanks
/// aside, and begins and ends where a sentence or a line does.
pub(super) fn stands_in(sentence: &str, text: &str) -> bool {
    let sentence = fold(sentence).replace('\n', " ");
    if sentence.is_empty() {
        return false;
    }
    let lines = fold(text);
    // The same bytes at the same places, so that a find in one is a place in both.
    let flat = lines.replace('\n', " ");
    let mut from = 0;
    while let Some(at) = flat.get(from..).and_then(|it| it.find(&sentence)) {
        let (start, end) = (from + at, from + at + sentence.len());
        let before = lines.get(..start).unwrap_or_default();
        let after = lines.get(end..).unwrap_or_default();
        if begins_there(before) && ends_there(&sentence, after) {
            return true;
        }
        from = end;
    }
    false
}

/// Runs of blanks become one space, or one line break if there is one in them.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut gap = None;
    for next in text.trim().chars() {
        if next.is_whitespace() {
            let is_break = next == '\n' || gap == Some('\n');
            gap = Some(if is_break { '\n' } else { ' ' });
            continue;
        }
        folded.extend(gap.take());
        folded.push(next);
    }
    folded
}

fn begins_there(before: &str) -> bool {
    if before.is_empty() || before.ends_with('\n') {
        return true;
    }
    let last = before.trim_end().chars().next_back();
    let has_gap = before.ends_with(' ');
    match last {
        // A list mark is one only at the start of its line.
        Some('-' | '•' | '*' | '–') => {
            let line = before.rsplit('\n').next().unwrap_or_default();
            has_gap && line.trim().chars().count() == 1
        }
        Some(mark) => (has_gap && is_end(mark)) || is_wide_end(mark),
        None => true,
    }
}

fn ends_there(sentence: &str, after: &str) -> bool {
    if after.is_empty() || after.starts_with('\n') {
        return true;
    }
    let closes = |mark: char| is_end(mark) || is_wide_end(mark);
    if sentence.ends_with(closes) {
        return after.starts_with(' ') || sentence.ends_with(is_wide_end);
    }
    // The model left the full stop off.
    let mut rest = after.chars();
    rest.next().is_some_and(closes) && rest.next().is_none_or(char::is_whitespace)
}

fn is_end(mark: char) -> bool {
    matches!(mark, '.' | '!' | '?' | '…' | ')' | '"' | '”' | '»')
}

/// Marks that end a sentence without a space after them.
fn is_wide_end(mark: char) -> bool {
    matches!(mark, '。' | '！' | '？')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PASSAGE: &str = "Plans can be changed.\nUnless you are an owner, you cannot delete a \
                           workspace.  You can delete\na project at any time (not a page).\n\
                           1. Open Settings\n2. Choose Plan.\n- Free\n- Team plan";

    #[test]
    fn whole_sentences_lines_and_steps_are_quotes() {
        for sentence in [
            "Plans can be changed.",
            "You can delete a project at any time (not a page).",
            "You  can delete a project\nat any time (not a page).",
            "Open Settings",
            "Choose Plan.",
            "Choose Plan",
            "Team plan",
            "Plans can be changed. Unless you are an owner, you cannot delete a workspace.",
        ] {
            assert!(stands_in(sentence, PASSAGE), "{sentence}");
        }
        assert!(stands_in("二つ目です。", "一つ目です。二つ目です。三つ目です。"));
    }

    #[test]
    fn half_a_sentence_is_not_a_quote() {
        for sentence in [
            "",
            "you cannot delete a workspace.",
            "delete a workspace.",
            "You can delete a project",
            "You can delete a project at any time",
            "Plan",
            "Plans can be changed!",
            "plans can be changed.",
        ] {
            assert!(!stands_in(sentence, PASSAGE), "{sentence}");
        }
    }

    proptest! {
        #[test]
        fn any_two_texts_are_compared_without_harm(sentence in "\\PC{0,60}", text in "\\PC{0,200}") {
            stands_in(&sentence, &text);
        }

        #[test]
        fn a_line_of_a_text_stands_in_it(before in "[a-z .]{0,40}", line in "\\PC{1,60}", after in "[a-z .]{0,40}") {
            prop_assume!(!line.trim().is_empty());
            let text = format!("{before}\n{line}\n{after}");
            prop_assert!(stands_in(&line, &text));
        }
    }
}
