//! A text by a schema: however it is cut, it comes to the same; its tape is well formed; a fault stays, and takes
//! nothing away that had shown.
#![no_main]

use instar_fuzz::input::{Input, cut};
use instar_fuzz::session::{Host, Session, State, plan};
use instar_fuzz::shape::Shapes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let options = input.byte();
    let (host, seed, length) = (Host { seed: input.byte() % 8 }, input.byte(), input.below(96));
    let shapes = Shapes::read(&mut input.part(length));
    let text = input.text();
    let plan = plan(&shapes);
    let defers = options & 1 == 1;
    if std::env::var_os("SHOW").is_some() {
        eprintln!("{shapes:#?}\n{host:?} defers={defers} {:?}", String::from_utf8_lossy(text));
    }
    let run = |pieces: &[&[u8]]| -> State {
        let mut session = Session::new(&plan, host, defers);
        for piece in pieces {
            session.feed(piece);
        }
        let before = session.state();
        session.end();
        if let Some(fault) = &before.fault {
            // It is there again, and so is what there was.
            session.feed(b" ");
            session.end();
            assert_eq!(session.fault().as_ref(), Some(fault));
            assert_eq!(session.shown(), before.shown);
        }
        session.state()
    };
    let whole = run(&[text]);
    assert_eq!(run(&cut(text, seed)), whole);
    assert_eq!(run(&text.chunks(1).collect::<Vec<_>>()), whole);
    // Every beginning is a text, too.
    let part = &text[..usize::from(seed) % (text.len() + 1)];
    assert_eq!(run(&cut(part, seed)), run(&[part]));
    // (A number that only the end closes is refused behind the last byte.)
    if let Some(fault) = whole.fault.as_ref().filter(|_| whole.offset < text.len()) {
        // What comes behind the hopeless byte was never read; before it all was well, and all of it shows.
        assert_eq!(run(&[&text[..=whole.offset]]).fault.as_ref(), Some(fault));
        let mut session = Session::new(&plan, host, defers);
        session.feed(&text[..whole.offset]);
        assert_eq!(session.fault(), None);
        if let Some(before) = session.shown() {
            let keeps = whole.shown.as_ref().is_some_and(|shown| shown.keeps(&before));
            assert!(keeps, "{before:?} became {:?}", whole.shown);
        }
    }
});
