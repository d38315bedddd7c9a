//! A help center so small and plain that every question in it has one answer,
//! and every answer its own words: what the recovery tests are asked.

use std::fs;
use std::path::Path;

/// Topic, question, and the sentence that answers it.
const TOPICS: [(&str, &str, &str); 12] = [
    (
        "Export invoices",
        "How do I export the invoices of a year?",
        "Open Billing and press Export invoices to get the invoices of a year as one file.",
    ),
    (
        "Reset the password",
        "How can I reset my forgotten password?",
        "Press Forgot password on the sign-in page to reset your password by e-mail.",
    ),
    (
        "Pair the thermostat",
        "How do I pair the thermostat with the app?",
        "Hold the ring of the thermostat for five seconds until it blinks to pair it with the app.",
    ),
    (
        "Change the delivery address",
        "Can I change the delivery address of my parcel?",
        "You can change the delivery address of a parcel under Orders until it has been shipped.",
    ),
    (
        "Invite colleagues",
        "How do I invite colleagues to my workspace?",
        "Choose Members and press Invite to send colleagues an invitation to the workspace.",
    ),
    (
        "Battery life",
        "How long does the battery of the sensor last?",
        "The battery of the sensor lasts about two years with a reading every minute.",
    ),
    (
        "Download the archive",
        "Where can I download the archive of my recordings?",
        "The archive of all recordings can be downloaded under Library as a single bundle.",
    ),
    (
        "Pause the subscription",
        "Is it possible to pause my subscription during a vacation?",
        "A subscription can be paused for up to three months under Plan during a vacation.",
    ),
    (
        "Clean the filter",
        "How often must the filter of the purifier be cleaned?",
        "Clean the filter of the purifier every four weeks with lukewarm water and no soap.",
    ),
    (
        "Connect a calendar",
        "How do I connect my calendar for bookings?",
        "Connect a calendar for bookings under Integrations by choosing its provider.",
    ),
    (
        "Track the courier",
        "Where do I see the position of the courier on a map?",
        "The position of the courier is shown on the map of the tracking page every ten minutes.",
    ),
    (
        "Update the firmware",
        "How do I update the firmware of the gateway?",
        "Update the firmware of the gateway under Devices while it is plugged in.",
    ),
];

/// How many questions there are.
pub(crate) const N_QUESTIONS: usize = TOPICS.len();

/// Subject and text of a question the help center answers; wraps around.
pub(crate) fn question(place: usize) -> (&'static str, &'static str) {
    let (subject, question, _) = TOPICS[place % TOPICS.len()];
    (subject, question)
}

/// Title and answer of each article.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    TOPICS.iter().map(|(title, _, answer)| (*title, *answer))
}

/// Writes the help center as Markdown files, one a topic.
pub(crate) fn write(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (place, (title, _, answer)) in TOPICS.iter().enumerate() {
        let text = format!(
            "---\ntitle: {title}\nurl: https://help.acme.test/{place}\n---\n# {title}\n\n{answer}\n"
        );
        fs::write(folder.join(format!("{place:02}.md")), text).unwrap();
    }
}
