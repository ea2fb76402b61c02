//! Lets another program be measured over a simulated line: `line LISTEN UPSTREAM --rtt-ms 40 --mbit 200`, until it is
//! stopped. `--mbit-up` sets the way up apart.

use chest_testkit::line::{Line, LineSettings};
use std::error::Error;
use std::time::Duration;

const USAGE: &str = "line LISTEN UPSTREAM [--rtt-ms 40] [--mbit 200] [--mbit-up MBIT]";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream, options @ ..] = arguments.as_slice() else { return Err(USAGE.into()) };
    let settings = settings(options)?;
    let line = Line::start_at(listen.parse()?, upstream.parse()?, settings)?;
    println!("listening on {}: {settings:?}", line.address());
    loop {
        std::thread::park();
    }
}

fn settings(options: &[String]) -> Result<LineSettings, Box<dyn Error>> {
    let (mut round_trip, mut down, mut up) = (40.0, 200.0, None);
    for pair in options.chunks(2) {
        let [name, value] = pair else { return Err(USAGE.into()) };
        let value: f64 = value.parse()?;
        match name.as_str() {
            "--rtt-ms" => round_trip = value,
            "--mbit" => down = value,
            "--mbit-up" => up = Some(value),
            _ => return Err(USAGE.into()),
        }
    }
    let bits = |megabits: f64| (megabits * 1e6) as u64;
    Ok(LineSettings {
        round_trip: Duration::from_secs_f64(round_trip / 1e3),
        up_bits_per_second: bits(up.unwrap_or(down)),
        down_bits_per_second: bits(down),
    })
}
