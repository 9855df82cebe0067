// The verbs around a program that runs or ran: background machines, strace, check, gdb. Each declares its options and gives
// what is to be done.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "host/cli/options.hpp"

namespace spore::host {

/// What a verb that runs a program gets from the options of `run`, which it has too.
using MakeRequest = std::function<Outcome<Request>(const std::vector<std::string>& words)>;

class Verb {
public:
    /// Declares the verb; `examples` are lines of shell that help and manual end with, after `note`.
    Verb(CLI::App& parent, const char* name, const char* help, std::string_view examples, std::string_view note = {});
    virtual ~Verb() = default;
    /// The words that follow the options are a program and its arguments: `spore VERB [OPTIONS] PROGRAM [ARGUMENTS…]`.
    virtual bool runs_program() const { return false; }
    /// What it runs besides.
    virtual std::vector<Request> requests() const { return {}; }
    virtual Outcome<int> act(const MakeRequest& request, std::vector<std::string> words) = 0;
    CLI::App* app;
};

using Verbs = std::vector<std::unique_ptr<Verb>>;

/// Which verbs are declared: the one that is meant, or all where help, the manual or completions list them. To declare all takes most of the tool's
/// share of a short run.
class Choice {
public:
    static Choice all() { return Choice(std::nullopt); }
    static Choice only(std::string_view name) { return Choice(name); }
    bool has(std::string_view name) const { return !only_ || name == *only_; }

private:
    explicit Choice(std::optional<std::string_view> only) : only_(only) {}
    std::optional<std::string_view> only_;
};

/// Add the chosen subcommands to `app`, in the order in which help lists them.
void add_instance_verbs(CLI::App& app, Verbs& verbs, Choice choice);
void add_project_verbs(CLI::App& app, Verbs& verbs, Choice choice);
void add_program_verbs(CLI::App& app, Verbs& verbs, Choice choice);
template <typename... Each>
void add_verbs(CLI::App& app, Verbs& verbs, Choice choice) {
    ((choice.has(Each::verb) ? verbs.push_back(std::make_unique<Each>(app)) : void()), ...);
}

/// The end of a verb's help.
std::string footer(std::string_view examples, std::string_view note = {});

/// -d, --name, --rm of `run`.
struct DetachOptions {
    bool detach = false, remove = false;
    std::string name;
    Restart restart = {};
    std::string origin = {};  ///< see InstanceState
};
/// Starts a background machine, as often as it says, and prints its name.
Outcome<int> run_detached(const Request& request, const DetachOptions& options);

}  // namespace spore::host
