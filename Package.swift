// swift-tools-version: 6.3
import PackageDescription

// Every target builds with the same strictness; the import graph itself is checked by Tests/ArchitectureTests.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "phasewise",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "phasewise", targets: ["phasewise"]),
        .library(
            name: "PhasewiseSimulator", targets: ["Simulator", "CostModels", "Workloads", "Metrics", "EventKernel"]),
        .library(name: "PhasewiseScenarios", targets: ["Scenarios", "Profiles"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        library("Diagnostics"),
        library("EventKernel"),
        library("Statistics", ["EventKernel"]),
        library("Workloads", ["Diagnostics", "EventKernel", "CZlib"]),
        library("CostModels", ["EventKernel"]),
        library("Metrics", ["EventKernel"]),
        library("Profiles", ["CostModels", "Diagnostics", yams]),
        library("Simulator", ["Workloads", "CostModels", "Metrics", "EventKernel", deque]),
        library("ResultStore", ["Metrics", "EventKernel", grdb, sqlite]),
        library("Calibration", ["CostModels", "Profiles", "Diagnostics"]),
        .target(
            name: "Reporting", dependencies: ["Metrics", "ResultStore", "Statistics", "EventKernel"],
            resources: [.embedInCode("Page/report.css"), .embedInCode("Page/report.js")], swiftSettings: strict),
        library(
            "Scenarios", ["Simulator", "Workloads", "Profiles", "CostModels", "Metrics", "EventKernel", "Diagnostics"]),
        library("Validation", ["Simulator", "Workloads", "CostModels", "Metrics", "EventKernel", "Diagnostics"]),
        library("Reproduction", ["Simulator", "Workloads", "CostModels", "Metrics", "EventKernel", "Diagnostics"]),
        library("Planning", ["Scenarios", "Profiles", "Metrics", "Statistics", "EventKernel", "Diagnostics"]),
        library(
            "Regression",
            [
                "Simulator", "Scenarios", "Profiles", "CostModels", "Metrics", "Statistics", "Reporting", "EventKernel",
                "Diagnostics",
            ]),
        .systemLibrary(name: "CZlib"),
        .executableTarget(
            name: "phasewise",
            dependencies: [
                "Diagnostics", "EventKernel", "Workloads", "CostModels", "Metrics", "Profiles", "Simulator",
                "ResultStore", "Calibration", "Scenarios", "Reporting", "Validation", "Reproduction", "Planning",
                "Regression", "Statistics",
                argumentParser,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Simulator", "Workloads", "CostModels", "Metrics", "ResultStore", "EventKernel", "Profiles",
            ],
            swiftSettings: strict),
        tests("ArchitectureTests", []),
        tests("EventKernelTests", ["EventKernel"]),
        tests("SimulatorTests", ["Simulator", "Workloads", "CostModels", "Profiles", "Metrics", "EventKernel"]),
        tests("PartitioningTests", ["Simulator", "CostModels", "Metrics", "EventKernel"]),
        tests("ProfilesTests", ["Profiles", "CostModels", "Diagnostics"]),
        tests("CostModelsTests", ["CostModels", "Profiles", "EventKernel", "Diagnostics"]),
        tests(
            "CalibrationTests", ["Calibration", "CostModels", "Profiles", "Workloads", "Diagnostics", "EventKernel"]),
        tests("MetricsTests", ["Metrics", "EventKernel"]),
        tests(
            "ScenariosTests",
            ["Scenarios", "Simulator", "Profiles", "CostModels", "Metrics", "EventKernel", "Diagnostics"]),
        tests("WorkloadsTests", ["Workloads", "EventKernel", "Diagnostics", "CZlib"]),
        tests("ResultStoreTests", ["ResultStore", "Metrics", "EventKernel", grdb]),
        tests(
            "ValidationTests",
            ["Validation", "Simulator", "Profiles", "CostModels", "Metrics", "EventKernel", "Diagnostics"]),
        tests("CommandLineTests", ["phasewise"]),
        tests(
            "ReproductionTests",
            [
                "Reproduction", "Profiles", "Simulator", "Workloads", "CostModels", "Metrics", "EventKernel",
                "Diagnostics",
            ]),
        tests("StatisticsTests", ["Statistics", "EventKernel"]),
        tests(
            "PlanningTests",
            ["Planning", "Scenarios", "Profiles", "Metrics", "Statistics", "EventKernel", "Diagnostics"]),
        tests(
            "RegressionTests",
            ["Regression", "Scenarios", "Profiles", "Metrics", "Reporting", "EventKernel", "Diagnostics"]),
        tests("ReportingTests", ["Reporting", "ResultStore", "Metrics", "Statistics", "EventKernel"]),
    ]
)
