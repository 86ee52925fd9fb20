#include <cstdio>
#include <fstream>
#include <functional>
#include <stdexcept>

#include "Check.h"
#include "Serving/Rules.h"

using namespace serving;

namespace {
std::string errorOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

std::string written(const std::string& text) {
  const std::string path = "/tmp/phasewise-serving-tests.csv";
  std::ofstream(path) << text;
  return path;
}
}  // namespace

TEST("a prefill batch takes whole prompts in order, up to 8,192 tokens and the room there is") {
  const std::vector<Request> requests = {{0, 5000, 1}, {0, 3192, 1}, {0, 1, 1}, {0, 9000, 1}};
  CHECK_EQUAL(promptBatch({0, 1, 2}, requests, 256), 2);
  CHECK_EQUAL(promptBatch({0, 1, 2}, requests, 1), 1);
  CHECK_EQUAL(promptBatch({3, 2}, requests, 256), 1);
  CHECK_EQUAL(promptBatch({2, 3}, requests, 256), 1);
  CHECK_EQUAL(promptBatch({}, requests, 256), 0);
}
TEST("decode batches are padded to the sizes that were captured") {
  CHECK_EQUAL(graphBatch(1), 1);
  CHECK_EQUAL(graphBatch(3), 4);
  CHECK_EQUAL(graphBatch(9), 16);
  CHECK_EQUAL(graphBatch(17), 32);
  CHECK_EQUAL(graphBatches().size(), size_t{20});
  CHECK_EQUAL(graphBatches().back(), sequencesMax);
}
TEST("pages go around the pool, and a run still in use is an error") {
  PageRing ring(11);
  CHECK_EQUAL(ring.take(4), int64_t{1});
  CHECK_EQUAL(ring.take(4), int64_t{5});
  CHECK(errorOf([&] { ring.take(4); }).find("too small") != std::string::npos);
  ring.giveBack(1);
  CHECK_EQUAL(ring.take(4), int64_t{1});
  CHECK(!errorOf([&] { ring.take(1); }).empty());
  CHECK(!errorOf([&] { ring.take(11); }).empty());
}
TEST("policies are named with their SMs") {
  CHECK(Policy::parse("unified").kind == Policy::unified);
  const auto policy = Policy::parse("semi-pd:88+44");
  CHECK_EQUAL(policy.prefillSMs, 88);
  CHECK_EQUAL(policy.decodeSMs, 44);
  CHECK(errorOf([] { Policy::parse("semi-pd:88"); }).find("semi-pd:88") != std::string::npos);
  CHECK(!errorOf([] { Policy::parse("semi-pd:88+44x"); }).empty());
}
TEST("a trace is read by the names of its columns, and mistakes have a line") {
  const auto requests = readTrace(written("prompt_tokens,arrival_s,output_tokens\n10,0.5,2\n20,1.5,3\n"));
  CHECK_EQUAL(requests.size(), size_t{2});
  CHECK_EQUAL(requests[1].prompt, 20);
  CHECK_NEAR(rateOf(requests), 1, 1e-12);
  CHECK(errorOf([] { readTrace(written("arrival_s,prompt_tokens\n1,2\n")); }).find("output_tokens") != std::string::npos);
  CHECK(errorOf([] { readTrace(written("arrival_s,prompt_tokens,output_tokens\n1,2,3\n0,2,3\n")); }).find(":3:") != std::string::npos);
  CHECK(errorOf([] { readTrace(written("arrival_s,prompt_tokens,output_tokens\n1,x,3\n")); }).find(":2:") != std::string::npos);
  CHECK(errorOf([] { readTrace(written("arrival_s,prompt_tokens,output_tokens\n1,0,3\n")); }).find("one token") != std::string::npos);
}
