internal import Metrics

extension SummaryEntry {
    /// With all digits; counts without decimals, the saturation verdict by name, empty where there is no value.
    var exactText: String {
        guard let value else { return "" }
        switch metric.unit {
        case .count: return String(Int(value))
        case .verdict: return SaturationVerdict.allCases.first { Double($0.rank) == value }?.rawValue ?? ""
        default: return value.description
        }
    }

    var json: JSONText {
        guard let value else { return .null }
        switch metric.unit {
        case .count: return .integer(Int(value))
        case .verdict: return .string(exactText)
        default: return .number(value)
        }
    }
}

extension RunSummary {
    /// `{metric: {unit, count, statistic: value, …}, …}` in the order of the entries.
    var json: JSONText {
        var metrics: [(String, JSONText)] = []
        var index = 0
        while index < entries.count {
            let metric = entries[index].metric
            var members: [(String, JSONText)] = [
                ("unit", .string(metric.unit.rawValue)), ("count", .integer(entries[index].count)),
            ]
            while index < entries.count && entries[index].metric == metric {
                members.append((entries[index].statistic.rawValue, entries[index].json))
                index += 1
            }
            metrics.append((metric.rawValue, .object(members)))
        }
        return .object(metrics)
    }
}

extension RunSummary {
    /// Classes and tenants as a member of an object; none of a run without.
    var groupMembers: [(String, JSONText)] {
        groups.isEmpty ? [] : [("groups", .array(groups.map(\.json)))]
    }
}

extension SLO {
    var json: JSONText {
        let limits: [(String, JSONText)] = [
            ("timeToFirstTokenSeconds", .number(timeToFirstToken)),
            ("timePerOutputTokenSeconds", .number(timePerOutputToken)),
            ("attainmentTarget", .number(attainmentTarget)),
        ]
        if classes.isEmpty { return .object(limits) }
        let own = classes.map { ($0.name, self.limits(ofClass: $0.name).json) }
        return .object(limits + [("classes", .object(own))])
    }

    /// "TTFT up to 500 ms and TPOT up to 50 ms for 90 % of requests".
    var words: String {
        let classes = classes.map { "; \($0.name): \(limits(ofClass: $0.name).words)" }
        return "TTFT up to \(milliseconds(timeToFirstToken)) ms and TPOT up to \(milliseconds(timePerOutputToken)) ms"
            + " for \(percent(attainmentTarget)) % of requests" + classes.joined()
    }

    private func milliseconds(_ seconds: Double) -> String { withoutTrailingZeros(readable(seconds * 1000)) }
}

/// A fraction as a percentage with one decimal, or none if it is whole.
func percent(_ fraction: Double) -> String { withoutTrailingZeros(fixed(fraction * 100, decimals: 1)) }

func withoutTrailingZeros(_ number: String) -> String {
    guard number.contains(".") else { return number }
    var number = number[...]
    while number.last == "0" { number.removeLast() }
    if number.last == "." { number.removeLast() }
    return String(number)
}
