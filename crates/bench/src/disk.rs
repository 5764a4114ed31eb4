//! How long the disk takes to make a commit durable.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crate::figures::{Figures, millis};

/// Median of 200 flushes of 8 kB beside the database's files; where that is not allowed, in the temporary directory.
pub fn flush_time(directory: &Path) -> String {
    let near = directory.parent().unwrap_or(directory).join("souk-bench-flush");
    for path in [near, std::env::temp_dir().join("souk-bench-flush")] {
        if let Ok(figures) = measure(&path) {
            return format!("{} in {}", millis(figures.percentile(50.0)), path.parent().unwrap_or(&path).display());
        }
    }
    "not measured".to_owned()
}

fn measure(path: &Path) -> std::io::Result<Figures> {
    let mut figures = Figures::default();
    let mut file = File::create(path)?;
    for _ in 0..200 {
        file.write_all(&[1; 8192])?;
        let started = Instant::now();
        file.sync_data()?;
        figures.add(started.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(figures)
}
