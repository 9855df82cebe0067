// `spore trace`: gives the processors rings to record into when the manifest or the host asks for it, and sends the host what they hold.
#pragma once

#include "abi/channel.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

/// From here on, what happens on this CPU is recorded, if the manifest asks for it. Before there are threads, so that their names are known. When there is too
/// little memory it says so, and records nothing.
void start_trace(const wire::Manifest& manifest);
/// Once the other CPUs are up: those as well.
void trace_other_cpus();

/// Ends the recording that the manifest asked for and sends it, waiting for the host to take it. In a thread.
void send_trace();

/// Answers what follows abi::trace_questions, the end of the answer excepted. In a thread.
abi::ReplyState answer_trace(u32 question, std::string_view what);

}  // namespace spore::main
