/// The semi-PD paper's model of a latency against what a phase has of the SMs, refitted after each window.
///
/// Equation 4: TTFT = a1/(x − λ) + b1 and TPOT = a2/y + b2, lines in u = 1/(x − λ) and in u = 1/y, with shares x and y as
/// fractions of the device. λ is the utilisation of prefill on all SMs (equation 3).
///
/// The paper does not say where the fits start, how they forget, or what one observation teaches. Here: they start from
/// the lines of the paper's Fig. 10, scaled to the first observation; nothing is forgotten; and predictions are
/// scaled through the latest observation, so that a change of load moves the line and past windows only its shape.
struct PaperLatencyModel: Hashable, Sendable {
    /// A line in units of the latency with all SMs.
    struct Line: Hashable, Sendable {
        var slope: Double
        var intercept: Double

        func value(at u: Double) -> Double { slope * u + intercept }
    }

    /// Fig. 10(b), Llama-3-8B on an A100, y from 20 to 100 %: R² 0.9955.
    static let printedTPOT = Line(slope: 0.6284, intercept: 0.3818)
    /// Fig. 10(a), R² 0.9953, over an axis that is 1/(x − λ) of fractions divided by 1.243: the equal steps of its points
    /// then are 5 % of the SMs. The figure does not say so.
    static let printedTTFT = Line(slope: 0.6809, intercept: 0.022)
    static let printedTTFTScale = 1.243

    static let timePerOutputToken = PaperLatencyModel(prior: printedTPOT)
    static let timeToFirstToken = PaperLatencyModel(
        prior: Line(slope: printedTTFT.slope / printedTTFTScale, intercept: printedTTFT.intercept))

    private let prior: Line
    private var fit: RecursiveLeastSquares
    /// Seconds that the fit counts as one.
    private var unit: Double?
    private var latestAbscissa = 0.0
    private var latestSeconds = 0.0

    private init(prior: Line) {
        self.prior = prior
        // A window's percentile is known to about a tenth, the shape of a line to about a third: ten times the variance.
        fit = RecursiveLeastSquares(slope: prior.slope, intercept: prior.intercept, variance: 10)
    }

    mutating func observe(_ u: Double, seconds: Double) {
        let unit = self.unit ?? seconds / prior.value(at: u)
        if unit > 0 {
            self.unit = unit
            fit.observe(u, seconds / unit)
        }
        (latestAbscissa, latestSeconds) = (u, seconds)
    }

    /// Seconds at `u`; the latest observation where it was made. At least one observation must have been made.
    func prediction(at u: Double) -> Double {
        let line = self.line
        return latestSeconds * line.value(at: u) / line.value(at: latestAbscissa)
    }

    /// The fitted line, or the prior as long as noise makes the fit fall with the SMs taken away or start below zero.
    private var line: Line {
        let fitted = Line(slope: fit.slope, intercept: fit.intercept)
        return fitted.slope > 0 && fitted.intercept >= 0 ? fitted : prior
    }
}
