//! What the tests share: a helpdesk that remembers everything, the sender of
//! its webhooks, the real program as a child process, and the checker of
//! their histories.

pub(crate) mod articles;
pub(crate) mod desk;
pub(crate) mod disk;
pub(crate) mod embeddings;
pub(crate) mod evil_model;
pub(crate) mod faults;
pub(crate) mod helpdesk;
pub(crate) mod history;
pub(crate) mod log;
pub(crate) mod model;
pub(crate) mod program;
pub(crate) mod sender;
pub(crate) mod traffic;
pub(crate) mod tree;
pub(crate) mod wire;
pub(crate) mod world;
pub(crate) mod zendesk;
