// A simulated machine per test, in a child process: the scheduler's state is the machine's, and there is no way to begin anew.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "tests/fakes/simulation.hpp"

namespace spore::fakes {

bool simulate(const SimulationOptions& options, const std::function<void()>& body) {
    std::fflush(nullptr);
    pid_t child = ::fork();
    if (child < 0) return false;
    if (child == 0) {
        ::alarm(60);
        start_simulation(options);
        body();
        std::fflush(nullptr);
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace spore::fakes
