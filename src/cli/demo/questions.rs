//! Real questions for `--data DIR`, played as customers.

use std::collections::BTreeMap;

use crate::cli::demo::desk::Desk;
use crate::cli::demo::desk::Kind;
use crate::cli::demo::desk::Person;
use crate::cli::demo::desk::Post;
use crate::cli::demo::desk::Tale;
use crate::cli::demo::desk::Written;
use crate::cli::demo::scenes;
use crate::eval::Question;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Message;

/// `n` of the items, evenly spread from the first on; all if there are fewer.
pub(super) fn spread<T: Clone>(items: &[T], n: usize) -> Vec<T> {
    let n = n.min(items.len());
    (0..n).filter_map(|it| items.get(it * items.len() / n)).cloned().collect()
}

/// Plays the conversation up to the last thing the customer wrote, which alone is
/// told to Deskhand.
pub(super) async fn play(question: &Question, desk: &Desk, conversation_id: &str) {
    let asked = question.conversation();
    desk.start(conversation_id, asked.subject.as_deref().unwrap_or_default(), "form");
    let Some((last, before)) = asked.messages.split_last() else { return };
    for message in before {
        desk.put(conversation_id, post(message));
    }
    desk.write(conversation_id, post(last), Tale::Customer).await;
}

fn post(message: &Message) -> Post {
    let (kind, author) = match message.author.kind {
        AuthorKind::Customer => (Kind::Customer, scenes::customer("customer")),
        _ => (Kind::Agent, agent()),
    };
    let (Body::Text(text) | Body::Html(text)) = &message.body;
    Post { public: true, kind, author, body: Written::Text(text.clone()), headers: BTreeMap::new() }
}

fn agent() -> Person {
    Person {
        id: "agent-1".to_owned(),
        name: "agent".to_owned(),
        email: "agent-1@demo.example".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_whole_file() {
        let items: Vec<usize> = (0..100).collect();
        assert_eq!(spread(&items, 4), [0, 25, 50, 75]);
        assert_eq!(spread(&items, 1000).len(), 100);
        assert!(spread(&items, 0).is_empty());
        assert!(spread::<usize>(&[], 3).is_empty());
    }
}
