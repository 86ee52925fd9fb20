import Foundation

// `Benchmarks` prints the table of bars, `Benchmarks scaling` how time and memory grow, and `Benchmarks NAME SIZE` does
// one benchmark once, for a profiler.

/// At once, unlike `print` into a file.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.isEmpty {
    let table = BarTable()
    say(table.head)
    for benchmark in Benchmark.all { say(try table.row(benchmark)) }
} else if arguments == ["scaling"] {
    try Scaling.write(say)
} else if arguments.count == 2, let size = Int(arguments[1]), size > 0,
    let benchmark = (Benchmark.all + Benchmark.watched).first(where: { $0.name == arguments[0] })
{
    let run = try benchmark.prepare(size)
    var count = 0
    let span = try measured { count = try run().count }
    say("\(count) in \(span.processorSeconds) s")
} else {
    let names = (Benchmark.all + Benchmark.watched).map(\.name).joined(separator: ", ")
    FileHandle.standardError.write(Data("usage: Benchmarks [scaling | NAME SIZE]\nnames: \(names)\n".utf8))
    exit(64)
}
