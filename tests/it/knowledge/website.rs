//! A help center that is only a website, read over the wire from a server that
//! counts what it is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Uri;
use axum::response::Response;
use deskhand::http::Reach;
use deskhand::ingest;
use deskhand::ingest::Plan;
use deskhand::ingest::SiteRules;
use deskhand::ingest::Summary;
use deskhand::knowledge::Pool;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio_util::task::TaskTracker;

use super::Shelf;

const RULES: SiteRules =
    SiteRules { max_pages: 100, max_depth: 5, concurrency: 4, reach: Reach::Anywhere };

/// (status, headers, body)
type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

/// A website. Pages carry a stamp of their content, as sites do.
#[derive(Clone, Default)]
struct Web {
    pages: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<String>>>,
    address: String,
}

impl Web {
    async fn serve() -> Web {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let web = Web { address, ..Web::default() };
        let router = Router::new().fallback(answer).with_state(web.clone());
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        web
    }

    fn put(
        &self,
        path: &str,
        status: u16,
        headers: &[(&'static str, &str)],
        body: impl Into<Vec<u8>>,
    ) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.pages.lock().unwrap().insert(path.to_owned(), (status, headers, body.into()));
    }

    fn page(&self, path: &str, title: &str, body: &str) {
        let html = format!(
            "<html lang=en><title>{title} | Acme</title><nav><a href=/>Home</a></nav><main><h1>{title}</h1>{body}</main>"
        );
        self.put(path, 200, &[("content-type", "text/html; charset=utf-8")], html);
    }

    fn sitemap(&self, paths: &[&str]) {
        let entry = |it: &&str| format!("<url><loc>{}{it}</loc></url>", self.address);
        let entries: String = paths.iter().map(entry).collect();
        self.put("/sitemap.xml", 200, &[], format!("<urlset>{entries}</urlset>"));
    }

    /// Paths that were asked for since the last time, each with the answer's status.
    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.retain(|it| !it.contains("robots.txt") && !it.contains("sitemap"));
        asked.sort();
        asked
    }

    async fn read(&self, shelf: &Shelf) -> Summary {
        self.read_with(shelf, "/", RULES).await
    }

    async fn read_with(&self, shelf: &Shelf, path: &str, rules: SiteRules) -> Summary {
        let source = ingest::open_site(&format!("{}{path}", self.address), rules).unwrap();
        shelf.take(source, &Plan::default()).await
    }

    fn id(&self, path: &str) -> String {
        format!("{}{path}", self.address.trim_start_matches("http://"))
    }
}

async fn answer(State(web): State<Web>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
    let agent = headers.get("user-agent").and_then(|it| it.to_str().ok()).unwrap_or_default();
    assert!(agent.starts_with("Deskhand/"), "{agent}");
    let page = web.pages.lock().unwrap().get(&path).cloned();
    let (mut status, extra, body) = page.unwrap_or((404, Vec::new(), Vec::new()));
    let stamp = format!(
        "\"{:x}\"",
        body.iter().fold(7_u64, |sum, it| sum.wrapping_mul(31) + u64::from(*it))
    );
    let known = headers.get("if-none-match").and_then(|it| it.to_str().ok());
    if status == 200 && known == Some(stamp.as_str()) {
        status = 304;
    }
    web.asked.lock().unwrap().push(format!("{status} {path}"));
    let mut response = Response::builder().status(status).header("etag", stamp);
    for (name, value) in extra {
        response = response.header(name, value);
    }
    response.body(if status == 304 { Body::empty() } else { Body::from(body) }).unwrap()
}

#[tokio::test]
async fn a_site_is_read_by_its_sitemap_and_then_only_what_changed() {
    let (shelf, web) = (Shelf::new(), Web::serve().await);
    let index = format!(
        "<sitemapindex><sitemap><loc>{}/s/1.xml.gz</loc></sitemap></sitemapindex>",
        web.address
    );
    web.put(
        "/robots.txt",
        200,
        &[],
        format!("User-agent: *\nDisallow: /secret\nSitemap: {}/map.xml", web.address),
    );
    web.put("/map.xml", 200, &[], index);
    let entry = |it: &str| {
        format!("<url><loc>{}{it}</loc><lastmod>2024-05-01</lastmod></url>", web.address)
    };
    let pages: String = ["/a", "/b", "/secret/c", "/away"].map(entry).concat();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut packed, format!("<urlset>{pages}</urlset>").as_bytes()).unwrap();
    web.put("/s/1.xml.gz", 200, &[], packed.finish().unwrap());
    web.page("/", "Home", "Welcome.");
    web.page("/a", "Refunds", "<h2 id=card>By card</h2><p>Money comes back.</p>");
    web.page("/b", "Returns", "<p>Send it.</p>");
    web.page("/secret/c", "Secret", "apples");
    web.put("/away", 302, &[("location", "http://other.example/")], "");
    let summary = web.read(&shelf).await;
    assert_eq!((summary.added, summary.skipped, summary.failed.len()), (2, 2, 0), "{summary:?}");
    assert!(summary.notes.iter().any(|it| it.contains("robots.txt")), "{summary:?}");
    assert_eq!(
        web.asked(),
        ["200 /", "200 /a", "200 /b", "200 /map.xml", "200 /s/1.xml.gz", "302 /away"]
    );
    let refunds = shelf.document(Pool::Article, &web.id("/a")).unwrap();
    assert_eq!((refunds.title.as_str(), refunds.language.as_deref()), ("Refunds", Some("en")));
    assert_eq!(refunds.updated_at, "2024-05-01T00:00:00Z".parse().ok());
    assert_eq!(refunds.body, "# Refunds\n\n## By card {#card}\n\nMoney comes back.");
    assert_eq!(refunds.url, Some(format!("{}/a", web.address)));

    web.page("/b", "Returns", "<p>Keep it.</p>");
    let again = web.read(&shelf).await;
    assert_eq!((again.changed, again.unchanged, again.removed), (1, 1, 0), "{again:?}");
    assert!(web.asked().contains(&"304 /a".to_owned()));
    assert_eq!(shelf.found("keep"), [web.id("/b")]);
}

#[tokio::test]
async fn what_a_site_takes_down_is_removed_and_what_fails_stays() {
    let (shelf, web) = (Shelf::new(), Web::serve().await);
    web.page("/", "Home", "Welcome.");
    for (path, word) in [("/a", "apples"), ("/b", "bananas"), ("/c", "cherries"), ("/d", "dates")] {
        web.page(path, word, word);
    }
    web.sitemap(&["/a", "/b", "/c", "/d"]);
    assert_eq!(web.read(&shelf).await.added, 4);
    web.put("/a", 410, &[], "");
    web.put("/b", 503, &[("retry-after", "0")], "");
    // No longer listed, but still there; and not to be listed any more.
    web.sitemap(&["/a", "/b"]);
    web.put("/d", 200, &[("content-type", "text/html"), ("x-robots-tag", "noindex")], "<p>dates");
    let summary = web.read(&shelf).await;
    assert_eq!((summary.removed, summary.failed.len()), (2, 1), "{summary:?}");
    let failure = summary.failed.first().unwrap();
    assert!(failure.place.ends_with("/b") && failure.reason.contains("503"), "{failure:?}");
    let left: Vec<_> = ["/a", "/b", "/c", "/d"]
        .map(|it| shelf.document(Pool::Article, &web.id(it)).is_some())
        .into();
    assert_eq!(left, [false, true, true, false]);
}

#[tokio::test]
async fn without_a_sitemap_links_are_followed_within_bounds() {
    let (shelf, web) = (Shelf::new(), Web::serve().await);
    web.put("/robots.txt", 200, &[], "User-agent: Deskhand\nDisallow: /help/private\n");
    web.page(
        "/help/",
        "Help",
        "<a href=a#x>A</a><a href='a?utm_source=x'>A</a><a href=/help/b>B</a><a href=/blog>Blog</a>\
         <a href=private>P</a><a href=http://other.example/help/c>C</a><a href=d.png>D</a><a rel=nofollow href=e>E</a>",
    );
    web.page("/help/a", "A", "apples <a href=/help/deep/1>1</a>");
    web.page("/help/b", "B", "<link rel=canonical href=/help/a>bananas");
    web.page("/help/deep/1", "One", "<a href=2>2</a>");
    web.page("/help/deep/2", "Two", "too deep");
    for path in ["/blog", "/help/private", "/help/e"] {
        web.page(path, "No", "not to be read");
    }
    web.put("/help", 301, &[("location", "/help/")], "");
    let rules = SiteRules { max_depth: 2, ..RULES };
    let summary = web.read_with(&shelf, "/help", rules).await;
    assert_eq!((summary.added, summary.failed.len()), (3, 0), "{summary:?}");
    for (path, there) in
        [("/help", true), ("/help/a", true), ("/help/b", false), ("/help/deep/1", true)]
    {
        assert_eq!(shelf.document(Pool::Article, &web.id(path)).is_some(), there, "{path}");
    }
    let asked: Vec<_> = web.asked().into_iter().filter(|it| it.starts_with("200")).collect();
    for unwanted in ["/blog", "/help/private", "/help/e", "/help/deep/2", "/help/d.png"] {
        assert!(!asked.contains(&format!("200 {unwanted}")), "{asked:?}");
    }
}

#[tokio::test]
async fn a_crawl_finds_each_page_once_and_ends_at_its_limit() {
    let (shelf, web) = (Shelf::new(), Web::serve().await);
    web.page("/", "Home", "<a href=/p0>0</a>");
    for number in 0..30 {
        let links = format!("fig {number} <a href=/p{}>next</a><a href=/>home</a>", number + 1);
        web.page(&format!("/p{number}"), &format!("Page {number}"), &links);
    }
    let rules = SiteRules { max_pages: 10, max_depth: 50, ..RULES };
    let summary = web.read_with(&shelf, "/", rules).await;
    assert_eq!(summary.added, 10, "{summary:?}");
    assert!(summary.notes.iter().any(|it| it.contains("website.max_pages")), "{summary:?}");
    web.asked();
    // The cut run must not make later ones believe that all was seen.
    let rules = SiteRules { max_depth: 50, ..RULES };
    let summary = web.read_with(&shelf, "/", rules).await;
    assert_eq!((summary.added, summary.removed), (21, 0), "{summary:?}");
    let asked = web.asked();
    assert_eq!(asked.iter().filter(|it| it.ends_with(" /p3")).count(), 1, "{asked:?}");
    let third = web.read_with(&shelf, "/", rules).await;
    assert_eq!((third.added, third.changed, third.unchanged), (0, 0, 31), "{third:?}");
}

#[tokio::test]
async fn pages_in_other_character_sets_and_of_other_types_are_told_apart() {
    let (shelf, web) = (Shelf::new(), Web::serve().await);
    web.page("/", "Home", "Welcome.");
    let latin = b"<meta charset=iso-8859-1><title>T\xfcren</title><p>Die T\xfcr klemmt.".to_vec();
    web.put("/latin", 200, &[("content-type", "text/html")], latin);
    web.put("/feed", 200, &[("content-type", "application/json")], "{}");
    web.put(
        "/empty",
        200,
        &[("content-type", "text/html")],
        "<div id=app></div><script>x</script>",
    );
    web.put("/huge", 200, &[("content-type", "text/html")], vec![b'x'; 9 << 20]);
    web.sitemap(&["/latin", "/feed", "/empty", "/huge"]);
    let summary = web.read(&shelf).await;
    assert_eq!((summary.added, summary.skipped), (1, 1), "{summary:?}");
    let latin = shelf.document(Pool::Article, &web.id("/latin")).unwrap();
    assert_eq!((latin.title.as_str(), latin.body.as_str()), ("Türen", "Die Tür klemmt."));
    let reasons: String = summary.failed.iter().map(|it| it.reason.clone()).collect();
    assert!(
        reasons.contains("JavaScript") && reasons.contains("more than 8388608 bytes"),
        "{reasons}"
    );
}

#[tokio::test]
async fn nothing_inside_our_own_network_is_read() {
    let (shelf, web) = (Shelf::new(), Web::serve().await);
    web.page("/", "Home", "Welcome.");
    let strict = SiteRules { reach: Reach::Public, ..RULES };
    let error = ingest::open_site(&web.address, strict).unwrap_err();
    assert!(error.to_string().contains("website.allow_private"), "{error}");
    for address in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:10.0.0.1]/",
        "file:///etc/passwd",
    ] {
        assert!(ingest::open_site(address, strict).is_err(), "{address}");
    }
    let port = web.address.rsplit(':').next().unwrap();
    let source = ingest::open_site(&format!("http://localhost:{port}/"), strict).unwrap();
    let error =
        ingest::ingest(&shelf.store, source, &Plan::default(), |_, _| {}).await.unwrap_err();
    assert!(format!("{error:#}").contains("localhost"), "{error:#}");
    assert_eq!(web.asked(), [""; 0]);
}

#[tokio::test]
async fn a_site_whose_wishes_cannot_be_read_is_not_read() {
    let (shelf, web) = (Shelf::new(), Web::serve().await);
    web.page("/", "Home", "Welcome.");
    web.put("/robots.txt", 500, &[], "");
    let source = ingest::open_site(&web.address, RULES).unwrap();
    let error =
        ingest::ingest(&shelf.store, source, &Plan::default(), |_, _| {}).await.unwrap_err();
    assert!(error.to_string().contains("robots.txt"), "{error:#}");
}
