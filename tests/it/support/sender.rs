//! The helpdesk's mail room: sends the webhooks that are due, as unruly as real
//! ones are (twice, late, in the wrong order, the same message under two names,
//! not at all), and remembers what it was promised.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::net::SocketAddr;

use deskhand::clock::Clock;

use crate::support::desk::Event;
use crate::support::faults::Plan;
use crate::support::helpdesk::FakeHelpdesk;
use crate::support::history::Sent;
use crate::support::wire;
use crate::support::wire::Caller;

/// What webhooks are signed with.
pub(crate) const SECRET: &str = "fake-webhook-secret";

/// Name of the connection in the settings.
pub(crate) const CONNECTION: &str = "acme";

/// How unruly the sender is, in percent of webhooks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manners {
    pub(crate) twice: usize,
    /// A second webhook of the same message, with an id of its own.
    pub(crate) renamed: usize,
    pub(crate) reordered: usize,
    /// Kept until [`Sender::release_late`].
    pub(crate) late: usize,
    pub(crate) lost: usize,
}

impl Manners {
    /// The load the guarantees are stated for.
    pub(crate) const UNRULY: Manners =
        Manners { twice: 20, renamed: 5, reordered: 10, late: 5, lost: 0 };
}

/// Sends webhooks to one Deskhand.
pub(crate) struct Sender {
    caller: Caller,
    clock: Clock,
    manners: Manners,
    dice: Plan,
    queue: VecDeque<Event>,
    late: Vec<Event>,
    /// By id: whether it was ever acked.
    promises: BTreeMap<String, bool>,
    /// How often each status was answered; 0 stands for a connection that broke.
    pub(crate) statuses: BTreeMap<u16, usize>,
}

impl Sender {
    pub(crate) fn new(to: SocketAddr, clock: Clock, manners: Manners, dice: Plan) -> Sender {
        Sender {
            caller: Caller::new(to),
            clock,
            manners,
            dice,
            queue: VecDeque::new(),
            late: Vec::new(),
            promises: BTreeMap::new(),
            statuses: BTreeMap::new(),
        }
    }

    /// From now on to this address: the same service, started again.
    pub(crate) fn redirect(&mut self, to: SocketAddr) {
        self.caller = Caller::new(to);
    }

    /// Takes over what the helpdesk wants sent.
    pub(crate) fn collect(&mut self, helpdesk: &FakeHelpdesk) {
        let mut desk = helpdesk.desk();
        for event in std::mem::take(&mut desk.due) {
            let percent = |dice: &mut Plan| dice.pick(100);
            if percent(&mut self.dice) < self.manners.lost {
                continue;
            }
            if percent(&mut self.dice) < self.manners.renamed {
                let again = desk.event(&event.conversation, "message.created");
                self.queue.push_back(again);
            }
            if percent(&mut self.dice) < self.manners.twice {
                self.queue.push_back(event.clone());
            }
            if percent(&mut self.dice) < self.manners.late {
                self.late.push(event.clone());
            } else if percent(&mut self.dice) < self.manners.reordered {
                let place = self.dice.pick(self.queue.len() + 1);
                self.queue.insert(place, event);
            } else {
                self.queue.push_back(event);
            }
        }
    }

    /// What was kept back may go out now, and nothing is kept back any more.
    pub(crate) fn release_late(&mut self) {
        self.manners.late = 0;
        self.queue.extend(self.late.drain(..));
    }

    /// Sends the next webhook once. What is not acked is sent again after the
    /// others. `None` if there is nothing to send; then whether it was acked.
    pub(crate) async fn send_next(&mut self) -> Option<bool> {
        let event = self.queue.pop_front()?;
        let acked = self.send(&event).await;
        if !acked {
            self.queue.push_back(event);
        }
        Some(acked)
    }

    /// Sends one webhook, whatever the queue holds.
    pub(crate) async fn send(&mut self, event: &Event) -> bool {
        let at_s = self.clock.now().as_second();
        let request = wire::webhook(&format!("/webhooks/{CONNECTION}"), SECRET, at_s, &event.body);
        let answer = self.caller.call(&request).await;
        let status = answer.as_ref().map_or(0, |it| it.status);
        *self.statuses.entry(status).or_default() += 1;
        let acked = answer.is_ok_and(|it| it.is_ack());
        *self.promises.entry(event.id.clone()).or_default() |= acked;
        acked
    }

    /// What was sent so far, once an id.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        let sent = self.promises.iter();
        sent.map(|(dedup, acked)| Sent { dedup: dedup.clone(), acked: *acked }).collect()
    }

    pub(crate) fn n_acked(&self) -> usize {
        self.promises.values().filter(|it| **it).count()
    }

    pub(crate) fn n_waiting(&self) -> usize {
        self.queue.len() + self.late.len()
    }
}
