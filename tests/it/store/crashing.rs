//! Whose work a dead process had, and what becomes of work that kills.

use super::*;

#[tokio::test]
async fn the_work_of_a_dead_process_is_free_at_once_and_the_crash_is_counted() {
    let desk = desk();
    desk.waits("d1", 0).await;
    let life = Life::begin(desk.store.folder()).unwrap();
    let owner = life.name().to_owned();
    desk.lease(&owner, 20).await.unwrap();
    assert_eq!(desk.store.read_now(leases::owners).unwrap(), vec![owner.clone()]);
    assert!(Life::is_alive(desk.store.folder(), &owner), "it lives while it holds its file");
    drop(life);
    let folder = desk.store.folder().to_owned();
    let freed =
        desk.store.write(move |it| leases::free_orphans(it, |n| Life::is_alive(&folder, n)));
    assert_eq!(freed.await.unwrap(), 1);
    assert!(desk.lease("next", 21).await.is_none(), "a suspect is not taken with the others");
    let (lease, waiting) = desk.lease_of(Standing::Suspect, "next", 21).await.unwrap();
    assert_eq!((lease.n_crashes, waiting[0].attempts), (1, 2));
}

#[tokio::test]
async fn what_kills_processes_stays_shut_for_later_deliveries_until_it_is_retried() {
    let desk = desk();
    desk.waits("d1", 0).await;
    desk.lease("dead once", 20).await.unwrap();
    desk.all_processes_died().await;
    let (survived, _) = desk.lease_of(Standing::Suspect, "next", 21).await.unwrap();
    desk.store.write(move |it| leases::release(it, &survived, 22)).await.unwrap();
    for owner in ["dead once", "dead twice"] {
        let standing = if owner == "dead once" { Standing::Ordinary } else { Standing::Suspect };
        let (lease, _) = desk.lease_of(standing, owner, 30).await.unwrap();
        assert_eq!(lease.n_crashes, u32::from(owner == "dead twice"), "survived is forgiven");
        desk.all_processes_died().await;
    }
    let (buried, waiting) = desk.lease_of(Standing::Suspect, "next", 31).await.unwrap();
    assert_eq!(buried.n_crashes, leases::MAX_CRASHES);
    let seq = waiting[0].seq;
    let bury = move |it: &_| {
        inbox::finish(it, seq, &Outcome::Dead("killed".to_owned()), 32)?;
        leases::release(it, &buried, 32)
    };
    desk.store.write(bury).await.unwrap();
    desk.waits("d2", 40).await;
    let (lease, _) = desk.lease("next", 90).await.unwrap();
    assert_eq!(lease.n_crashes, leases::MAX_CRASHES, "a later delivery finds it shut");
    desk.store.write(move |it| leases::release(it, &lease, 91)).await.unwrap();
    assert!(desk.store.write(move |it| inbox::revive(it, seq, 92)).await.unwrap());
    let (lease, _) = desk.lease("next", 93).await.unwrap();
    assert_eq!(lease.n_crashes, 0, "a person said to try again");
}
