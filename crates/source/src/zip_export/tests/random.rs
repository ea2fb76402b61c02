//! Trees of every shape, written by a library of others.

use super::*;
use proptest::prelude::*;
use std::io::Write;
use zip::write::SimpleFileOptions;

fn trees() -> impl Strategy<Value = BTreeMap<String, Vec<u8>>> {
    let name = "[a-c é]{1,3}(/[a-c. ]{1,2}x){0,3}";
    let content = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300),
        (any::<u8>(), 0..100_000_usize).prop_map(|(byte, length)| vec![byte; length]),
    ];
    proptest::collection::btree_map(name, content, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_another_program_packed_is_read_byte_for_byte(tree in trees(), large in any::<bool>(), packed in any::<bool>()) {
        let method = if packed { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
        let options = SimpleFileOptions::default().compression_method(method).large_file(large);
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in &tree {
            writer.start_file(name.as_str(), options).unwrap();
            writer.write_all(content).unwrap();
        }
        let bytes = writer.finish().unwrap().into_inner();
        let source = open_one(bytes);
        let (whole, not) = whole_and_not(&source);
        prop_assert!(not.is_empty(), "{:?}", not);
        // A name that others lie below is a folder, and then the file lies beside it.
        let mut found: Vec<Vec<u8>> = whole.into_values().collect();
        let mut expected: Vec<Vec<u8>> = tree.into_values().collect();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }
}
