//! The component is what `wit/` says: the files parse, and every export has its declared signature.

use std::collections::BTreeMap;
use std::path::Path;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Resolve, Type, TypeDefKind, WorldId, WorldItem};

/// Interface names with their functions, each as `name(parameter: type, ...) -> type`.
type Shape = BTreeMap<String, Vec<String>>;

const GRANTED: [&str; 2] = ["wasi:clocks/", "wasi:random/"];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn declared() -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root().join("wit")).expect("wit/ parses");
    let world = resolve.select_world(&[package], Some("brain")).expect("the world `brain`");
    (resolve, world)
}

fn built() -> (Resolve, WorldId) {
    let bytes = std::fs::read(root().join("host-py/src/object_store_py/core.wasm"));
    match decode(&bytes.expect("core.wasm is there")).expect("core.wasm is a component") {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("core.wasm holds only types"),
    }
}

/// The type's name, aliases followed to what they stand for.
fn type_name(resolve: &Resolve, of: &Type) -> String {
    match of {
        Type::Id(id) => match &resolve.types[*id].kind {
            TypeDefKind::Type(inner) => type_name(resolve, inner),
            TypeDefKind::Enum(cases) => {
                let names: Vec<_> = cases.cases.iter().map(|case| case.name.as_str()).collect();
                format!("enum {{{}}}", names.join(", "))
            }
            other => format!("{other:?}"),
        },
        plain => format!("{plain:?}").to_lowercase(),
    }
}

fn exports((resolve, world): &(Resolve, WorldId)) -> Shape {
    let mut shape = Shape::new();
    for item in resolve.worlds[*world].exports.values() {
        let WorldItem::Interface { id, .. } = item else { panic!("only interfaces are exported") };
        let name = resolve.id_of(*id).expect("an interface with a name");
        let functions = resolve.interfaces[*id].functions.values().map(|function| {
            let parameters = function.params.iter().map(|parameter| {
                format!("{}: {}", parameter.name, type_name(resolve, &parameter.ty))
            });
            let result = function.result.as_ref().map(|of| type_name(resolve, of));
            let list = parameters.collect::<Vec<_>>().join(", ");
            format!("{}({list}) -> {}", function.name, result.unwrap_or_default())
        });
        let mut functions: Vec<_> = functions.collect();
        functions.sort();
        shape.insert(name, functions);
    }
    shape
}

#[test]
fn the_component_exports_what_wit_declares() {
    assert_eq!(exports(&built()), exports(&declared()));
}

#[test]
fn the_component_imports_clocks_and_random_numbers_alone() {
    let (resolve, world) = built();
    for key in resolve.worlds[world].imports.keys() {
        let name = resolve.name_world_key(key);
        assert!(GRANTED.iter().any(|granted| name.starts_with(granted)), "imports {name}");
    }
}

#[test]
fn every_item_of_wit_is_documented() {
    let (resolve, _) = declared();
    let package = resolve.packages.iter().find(|(_, package)| package.name.name == "core");
    let (_, package) = package.expect("the package");
    for (name, id) in &package.interfaces {
        let interface = &resolve.interfaces[*id];
        assert!(interface.docs.contents.is_some(), "{name}");
        for function in interface.functions.values() {
            assert!(function.docs.contents.is_some(), "{name}.{}", function.name);
        }
    }
}
