internal import ArgumentParser
internal import Diagnostics
internal import Foundation
internal import ResultStore

/// Exit codes: 0 done, 1 a regression was found, 64 usage, 65 bad input, 70 anything that is not the user's doing.
enum ExitStatus {
    static let regression: Int32 = 1
    static let usage: Int32 = 64
    static let badInput: Int32 = 65
    static let failure: Int32 = 70
}

/// Prints an error as it should be seen and ends the process with its code.
func endProcess(reporting error: any Error) -> Never {
    switch error {
    case let error as InputError:
        Terminal.complain(error.description)
        Foundation.exit(ExitStatus.badInput)
    case let error as ResultStoreError:
        Terminal.complain(error.description)
        Foundation.exit(error.isBadInput ? ExitStatus.badInput : ExitStatus.failure)
    default:
        endProcess(reportingFromParser: error)
    }
}

/// Help and versions are errors to ArgumentParser, which knows its own from those of others by their exit codes.
private func endProcess(reportingFromParser error: any Error) -> Never {
    switch Phasewise.exitCode(for: error).rawValue {
    case 0: Phasewise.exit(withError: error)
    case ExitStatus.usage:
        let text = Phasewise.fullMessage(for: error)
        Terminal.complain(text.hasPrefix("Error: ") ? "error: " + text.dropFirst(7) : text)
        Foundation.exit(ExitStatus.usage)
    default:
        Terminal.complain("error: \(error)")
        Foundation.exit(ExitStatus.failure)
    }
}

extension ResultStoreError {
    /// Whether it is about what the user named, rather than about the machine.
    fileprivate var isBadInput: Bool {
        switch self {
        case .cannotOpen, .notADatabase, .foreignDatabase, .noResults, .newerSchema, .readOnly, .noSuchRun, .badQuery:
            true
        case .locked, .diskFull, .failed: false
        }
    }
}
