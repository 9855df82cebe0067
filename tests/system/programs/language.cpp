// What C++ programs lean on: exceptions through frames and threads, thread_local, futures, streams, atexit, files.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct Noisy {
    std::string name;
    std::atomic<int>& gone;
    ~Noisy() { ++gone; }
};

static void dig(int depth, std::atomic<int>& gone) {
    Noisy here{std::to_string(depth), gone};
    if (depth == 0) throw std::runtime_error("bottom");
    dig(depth - 1, gone);
}

thread_local std::vector<int> mine;

int main() {
    std::atomic<int> gone{0};
    try {
        dig(50, gone);
    } catch (const std::runtime_error& error) {
        std::cout << "caught " << error.what() << " after " << gone << " destructors\n";
    }
    std::vector<std::thread> threads;
    std::mutex lock;
    std::map<int, long> sums;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&, i] {
            for (int n = 0; n < 1000; ++n) mine.push_back(n * i);
            for (int n = 0; n < 100; ++n) try { dig(3, gone); } catch (const std::exception&) {}
            std::lock_guard guard(lock);
            sums[i] = std::accumulate(mine.begin(), mine.end(), 0L);
        });
    for (auto& thread : threads) thread.join();
    for (auto& [i, sum] : sums)
        if (sum != 499500L * i) return 1;
    std::cout << "threads " << sums.size() << ' ' << gone << '\n';
    auto later = std::async(std::launch::async, [] { if (mine.empty()) throw std::out_of_range("from a thread"); return 1; });
    try {
        later.get();
    } catch (const std::out_of_range& error) {
        std::cout << "future threw " << error.what() << '\n';
    }
    std::mutex waiting;
    std::condition_variable never;
    std::unique_lock hold(waiting);
    auto before = std::chrono::steady_clock::now();
    auto result = never.wait_for(hold, std::chrono::milliseconds(50));
    auto took = std::chrono::steady_clock::now() - before;
    std::cout << "timeout " << (result == std::cv_status::timeout) << (took >= std::chrono::milliseconds(50)) << '\n';
    { std::ofstream file("/tmp/text"); for (int i = 0; i < 1000; ++i) file << i << '\n'; }
    std::ifstream file("/tmp/text");
    long sum = 0, n;
    while (file >> n) sum += n;
    std::cout << "file " << sum << std::endl;
    std::atexit([] { std::puts("at exit"); });
    return 3;
}
