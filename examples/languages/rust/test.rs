mod primes;

fn main() {
    let known = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47];
    for number in 0..50 {
        assert_eq!(primes::is_prime(number), known.contains(&number), "{number}");
    }
    for (number, prime) in [(49, false), (961, false), (997, true), (7919, true), (7921, false)] {
        assert_eq!(primes::is_prime(number), prime, "{number}");
    }
    for (limit, count) in [(0, 0), (2, 0), (3, 1), (100, 25), (2000, 303)] {
        assert_eq!(primes::count(limit), count, "below {limit}");
    }
}
