internal import ArgumentParser
internal import Diagnostics
internal import Foundation
internal import ResultStore

/// Exit codes: 0 done, 1 a stated expectation failed, 64 usage (ArgumentParser's own), 65 bad input, 70 internal.
enum ExitStatus {
    static let badInput: Int32 = 65
    static let internalError: Int32 = 70
}

/// Prints an error as it should be seen and ends the process with its code.
func endProcess(reporting error: any Error) -> Never {
    switch error {
    case let error as InputError:
        Terminal.complain(error.description)
        Foundation.exit(ExitStatus.badInput)
    case let error as ResultStoreError:
        Terminal.complain(error.description)
        Foundation.exit(ExitStatus.badInput)
    default:
        Phasewise.exit(withError: error)
    }
}
