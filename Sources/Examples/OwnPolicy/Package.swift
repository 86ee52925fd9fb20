// swift-tools-version: 6.3
import PackageDescription

let package = Package(
    name: "own-policy",
    platforms: [.macOS(.v15)],
    // In a repository of your own: the URL and version of Phasewise.
    dependencies: [.package(name: "phasewise", path: "../../..")],
    targets: [
        .executableTarget(
            name: "own-policy",
            dependencies: [
                .product(name: "PhasewiseSimulator", package: "phasewise"),
                .product(name: "PhasewiseScenarios", package: "phasewise"),
            ],
            path: "Sources/OwnPolicy")
    ]
)
