/// As published with the files' analysis, but for two figures of Mooncake's conversation trace that were rounded twice:
/// the index of dispersion at 60 s is 2.8462, printed by way of 2.85 as 2.9, and the rate 3.40147/s, printed by way of
/// 3.4015 as 3.402.
let publishedStatistics: [PublishedStatistics] = [
    .init(
        path: "azure/AzureLLMInferenceTrace_conv.csv", requests: 19366, rate: "5.530",
        prompt: "1154.7 1020 2734.5 4142 14050", output: "211.1 129 424 601 1000",
        correlations: "-0.112 0.073",
        arrivals: "1.094 1.39 4.0 20.6 16 507",
        windows: "1.02 0.91 1.47 1.04 0.99 1.20",
        fits: [
            "Weibull, shape 0.922, scale 0.1742": "0.017", "Gamma, shape 0.871, scale 0.2076": "0.017",
            "exponential, mean 0.1808": "0.022",
        ]),
    .init(
        path: "azure/AzureLLMInferenceTrace_code.csv", requests: 8819, rate: "2.567",
        prompt: "2047.8 1469 5187.6 7436 7437", output: "27.9 13 55 251.5 1899",
        correlations: "0.001 -0.021",
        arrivals: "13.15 13.2 71.3 160.5 67 632",
        windows: "3.18 0.81 9.04 9.90 0.86 19.5",
        fits: [
            "Weibull, shape 0.419, scale 0.0631": "0.14", "lognormal, mu -4.052, sigma 2.776": "0.18",
            "Gamma, shape 0.231, scale 1.6846": "0.22", "exponential, mean 0.3897": "0.52",
        ]),
    .init(
        path: "vidur/splitwise_code.csv", requests: 8819,
        prompt: "2047.8 1469 5187.6 7436 7437", output: "27.9 13 55 251.5 1899",
        correlations: "0.001 -0.021",
        arrivals: "13.15 13.2 71.3 160.5 67 632",
        windows: "3.18 0.81 9.04 9.90 0.86 19.5"),
    .init(
        path: "burstgpt/BurstGPT_1_head400.csv", requests: 400, rate: "0.0107",
        prompt: "520.5 314 1417.9 1958 2126", output: "276.5 229.5 570.7 1421 2019",
        arrivals: "4.56 1.01 1.24 2.8 2 8",
        fits: ["lognormal, mu 3.145, sigma 1.476": "0.047"]),
    .init(
        path: "mooncake/conversation_trace.jsonl.gz", requests: 12031, rate: "3.4015",
        prompt: "12035.1 6909 27367 85400 126195", output: "342.6 350 597 1118.5 2000",
        correlations: "0.072 0.072",
        arrivals: "3.03 7.9 2.1 2.8 28 247",
        windows: "3.13 - - 3.09 - -",
        sharing: "288500 182790 0.3664 0.3736 0.3734 0.3736 0.387 0.0098 - - -"),
    .init(
        path: "mooncake/mooncake_trace_arxiv_slice276.jsonl", requests: 276, rate: "6.457",
        prompt: "7780.2 6178 16404 40287 65980", output: "193.2 30 541 835 2000",
        correlations: "0.303 0.066",
        arrivals: "4.32 13.4 - - 26 -",
        sharing: "4355 2841 0.3476 0.3610 0.3610 0.3610 0.522 0 77598 0.5215 0.5414"),
    .init(
        path: "qwen-bailian/qwen_traceA_blksz_16_24rows.jsonl", requests: 24,
        prompt: "1467.5 750 5076 - 7061", output: "328.9 271 727 - 919",
        sharing: "2211 1892 0.1425 0.1431 0.1431 - 0.792 0 - - -"),
    .init(
        path: "servegen/servegen_deepseek-r1_12h.csv.gz", requests: 10760, rate: "2.989",
        prompt: "1484.2 377 1994 23021 55083", output: "2482.0 865 6526.5 19365 28434",
        correlations: "- 0.303",
        arrivals: "1.41 - - - - -"),
    .init(
        path: "vidur/arxiv_summarization_stats_llama2_tokenizer_filtered_v2.csv.gz", requests: 28257,
        prompt: "2588.1 2730 3702 3933 4054", output: "291.4 167 372 3271 4056",
        correlations: "-0.463 -0.114"),
    .init(
        path: "lengths/humaneval_opt_lengths.csv", requests: 164,
        prompt: "171.3 146.5 278.4 489 629", output: "98.2 79 194.4 413 514"),
    .init(
        path: "lengths/sharegpt_distserve_opt_lengths.csv", requests: 10000,
        prompt: "770.9 703 1555 1943 2029", output: "198.1 91 518 1018 1776",
        correlations: "-0.133 -"),
    // Published by nobody: computed apart from this code, in Python over the same bytes.
    .init(
        path: "kv-cache-tester/trace_0036.json.gz", requests: 9,
        prompt: "71730.4 78691 82938.6 83941.6 84053", output: "761.8 323 1508.2 4140.5 4433",
        correlations: "0.059 -0.05",
        arrivals: "2.451 - - - - -",
        sharing: "10084 1316 0.8695 0.8692 0.8692 - 0.889 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0039.json.gz", requests: 22,
        prompt: "128602.9 129981.5 146722.2 150295.1 151041", output: "226 148.5 323.7 1019.1 1193",
        correlations: "0.13 0.38",
        arrivals: "2.243 - - - - -",
        sharing: "44198 4424 0.8999 0.8997 0.8997 - 0.955 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0043.json.gz", requests: 33,
        prompt: "45721.7 43773 64171.6 69555 69787", output: "537.9 312 1340.2 2504.2 3013",
        correlations: "0.196 0.265",
        arrivals: "2.35 - - - - -",
        sharing: "23559 1539 0.9347 0.9340 0.9340 - 0.97 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0048.json.gz", requests: 21,
        prompt: "57470.3 53684 74220 77570 77955", output: "231.9 186 353 772.4 844",
        correlations: "0.431 0.188",
        arrivals: "1.951 - - - - -",
        sharing: "18846 1643 0.9128 0.9123 0.9123 - 0.952 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0052.json.gz", requests: 14,
        prompt: "46390 52436 63792.2 65030 65199", output: "301.4 198 307.6 1383.3 1541",
        correlations: "0.256 0.042",
        arrivals: "0.9 - - - - -",
        sharing: "10140 1019 0.8995 0.8988 0.8988 - 0.929 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0064.json.gz", requests: 28,
        prompt: "117479 119663.5 129896.5 133580.7 133845", output: "213.8 187.5 340.1 438.7 473",
        correlations: "0.236 0.339",
        arrivals: "0.529 - - - - -",
        sharing: "51385 2092 0.9593 0.9591 0.9591 - 0.964 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0068.json.gz", requests: 18,
        prompt: "89250.3 90866.5 96742.8 100758.5 101160", output: "1429.2 574 3795 6236.8 6542",
        correlations: "-0.229 0.057",
        arrivals: "0.955 - - - - -",
        sharing: "25090 1580 0.9370 0.9366 0.9366 - 0.944 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0102.json.gz", requests: 7,
        prompt: "69513 73918 91032.2 95372.7 95855", output: "967.6 382 2320.4 4583.5 4835",
        correlations: "0.436 0.214",
        arrivals: "1.933 - - - - -",
        sharing: "7599 1504 0.8021 0.8017 0.8017 - 0.857 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0138.json.gz", requests: 12,
        prompt: "118207.3 116230.5 125590.1 126197.9 126227", output: "168.5 129 269 366.5 378",
        correlations: "0.82 0.643",
        arrivals: "0.665 - - - - -",
        sharing: "22158 1972 0.9110 0.9108 0.9108 - 0.917 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0233.json.gz", requests: 21,
        prompt: "101784.3 104661 131288 133184.8 133397", output: "1870.4 102 1005 18155 18195",
        correlations: "-0.302 -0.408",
        arrivals: "1.824 - - - - -",
        sharing: "33387 2084 0.9376 0.9373 0.9373 - 0.952 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0266.json.gz", requests: 23,
        prompt: "56998.4 61864 72804.4 75516.6 75836", output: "495.2 256 1284.4 1727.1 1781",
        correlations: "0.381 0.34",
        arrivals: "0.573 - - - - -",
        sharing: "20471 1185 0.9421 0.9415 0.9415 - 0.957 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0291.json.gz", requests: 32,
        prompt: "70441.2 79332 96770.6 100897.2 101059", output: "609.5 269 2097.7 2929 3035",
        correlations: "0.166 0.179",
        arrivals: "2.287 - - - - -",
        sharing: "35209 3606 0.8976 0.8973 0.8973 - 0.938 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0298.json.gz", requests: 20,
        prompt: "136850.4 139080.5 144300 145404.6 145556", output: "526.5 300 921.9 2268 2527",
        correlations: "-0.145 0.061",
        arrivals: "1.315 - - - - -",
        sharing: "42755 2274 0.9468 0.9466 0.9466 - 0.95 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0317.json.gz", requests: 42,
        prompt: "53950.4 50893 67076.3 67996.3 68164", output: "289 225.5 463.9 987.7 1080",
        correlations: "-0.208 -0.096",
        arrivals: "1.581 - - - - -",
        sharing: "35384 1440 0.9593 0.9587 0.9587 - 0.976 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0329.json.gz", requests: 13,
        prompt: "117370 139065 140406 140642.4 140671", output: "161.2 126 252.8 336.3 346",
        correlations: "0.257 0.08",
        arrivals: "1.889 - - - - -",
        sharing: "23834 2199 0.9077 0.9075 0.9075 - 0.923 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0372.json.gz", requests: 32,
        prompt: "37443.2 35898 50609.1 51927.6 52046", output: "270.2 209.5 475.5 1051.5 1146",
        correlations: "-0.065 -0.288",
        arrivals: "3.134 - - - - -",
        sharing: "18707 1361 0.9272 0.9265 0.9265 - 0.969 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0408.json.gz", requests: 17,
        prompt: "106146.1 118504 122878.6 123555.3 123626", output: "1070.1 554 2621.6 4592 4884",
        correlations: "-0.406 -0.539",
        arrivals: "1.382 - - - - -",
        sharing: "28186 1932 0.9315 0.9312 0.9312 - 0.941 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0472.json.gz", requests: 36,
        prompt: "31991.7 25350 51905 65409.3 65704", output: "478.3 128.5 1515.5 3293.7 3489",
        correlations: "0.03 0.254",
        arrivals: "4.911 - - - - -",
        sharing: "17978 1037 0.9423 0.9414 0.9414 - 0.972 0 - - -"),
    .init(
        path: "kv-cache-tester/trace_0555.json.gz", requests: 44,
        prompt: "76231.9 84069.5 110596.7 114340 115940", output: "1932.3 350.5 6632.3 9260.5 9288",
        correlations: "0.025 0.125",
        arrivals: "3.131 - - - - -",
        sharing: "52391 1890 0.9639 0.9636 0.9636 - 0.977 0 - - -"),
    .init(
        path: "azure/AzureLLMInferenceTrace_code_1week_10rows.csv", requests: 10,
        prompt: "2401.6 2269 5019.5 7405 7670", output: "18 7 58.3 76.9 79",
        correlations: "-0.101 0.098",
        arrivals: "2.828 - - - - -"),
    .init(
        path: "azure/AzureLLMInferenceTrace_conv_1week_10rows.csv", requests: 10,
        prompt: "1276.7 1043 2734.4 3110.2 3152", output: "85.6 24.5 274.2 356.8 366",
        correlations: "0.771 0.252",
        arrivals: "2.828 - - - - -"),
    .init(
        path: "azure/AzureLMMInferenceTrace_multimodal_9rows.csv", requests: 9,
        prompt: "1335.3 964 2292 4336.8 4564", output: "148 79 359 477.8 491",
        correlations: "-0.093 -0.117",
        arrivals: "2.646 - - - - -"),
    .init(
        path: "splitwise-sim/test_trace.csv", requests: 3,
        prompt: "2730.7 2048 3686.4 4055 4096", output: "18.7 16 28.8 31.7 32",
        correlations: "0.945 0.866",
        arrivals: "0.333 - - - - -"),
    .init(
        path: "llmservingsim/example_trace.jsonl", requests: 10,
        prompt: "12 14 18.4 21.6 22", output: "59.1 66 96.8 103.3 104",
        correlations: "0.857 0.644",
        arrivals: "0.834 - - - - -"),
    .init(
        path: "lengths/sharegpt_val_10k_llama2.csv", requests: 10000,
        prompt: "245.8 35 761 2862 3973", output: "325.6 286 681.1 1000 1734",
        correlations: "0.032 0.138"),
]
