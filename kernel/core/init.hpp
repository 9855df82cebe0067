// What happens at boot, as a graph: each step says what it needs and what it brings, and the order follows.
//
//   INIT_STEP(page_cache, "memory", "cache") { … return {}; }        a function body; requires, then provides: words apart by blanks
//
// Steps that need nothing of each other run in the order in which the linker found them. Each is a mark on the boot timeline.
#pragma once

#include <span>
#include <string_view>

#include "base/result.hpp"

namespace spore::core {

struct InitStep {
    const char* name;
    const char* needs;
    const char* provides;
    Result<void> (*run)();
};

/// Every declared step.
std::span<const InitStep> init_steps();

/// Runs the steps in an order in which each finds what it needs. `given` is there from the beginning. Panics when a step fails, or needs what
/// none that can run provides: both are mistakes in the kernel, or a machine that cannot carry it.
void run_init_steps(std::string_view given, std::span<const InitStep> steps);

/// The steps as a graph in DOT, a line at a time.
using LineWriter = void (*)(void* context, std::string_view line);
void draw_init_graph(std::span<const InitStep> steps, LineWriter writer, void* context);

}  // namespace spore::core

#define INIT_STEP(name, needs, provides)                                                                   \
    static ::spore::Result<void> init_step_##name();                                                       \
    [[gnu::section("init_steps"), gnu::used, gnu::retain]] constinit const ::spore::core::InitStep         \
        init_step_record_##name{#name, needs, provides, init_step_##name};                                 \
    static ::spore::Result<void> init_step_##name()
