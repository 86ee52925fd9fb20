// Serves traces in real time on the kernels that the tables are made of: what the simulator's runs are held against.
#pragma once
#include "Harness/CommandLine.h"

namespace serving {

/// Serves every trace under every policy and writes requests.csv, iterations.csv and clocks.csv into the folder, in the
/// layout that `phasewise validate` reads. Throws on bad input; nothing is written for a run that fails.
void serve(const harness::Options& options);

}  // namespace serving
