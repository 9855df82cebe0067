// Requests of other processes to save the machine's state, for which the guest must stand still. Each connection to the listener is one: a byte, and
// the folder to save to as a descriptor beside it (SCM_RIGHTS). Back comes "ok" and a newline, or a line that says why not.
#pragma once

#include <poll.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/common/files.hpp"

namespace spore::host {

/// How a machine is saved to a folder.
struct Saving {
    using Step = std::function<Outcome<void>(const FileDescriptor& folder)>;
    Step before;  ///< what does not change, while the guest runs
    Step still;   ///< its state, while it stands still
};

class Freezer {
public:
    /// -1: there is nobody who asks.
    Freezer(int listener, Saving saving) : listener_(listener), saving_(std::move(saving)) {}

    /// Appends what is to be waited for.
    void add_waits(std::vector<struct pollfd>& waits) const;
    /// Takes the same entries after the wait.
    void serve(std::span<const struct pollfd> waits);
    /// Somebody waits for the guest to be asked.
    bool wants() const { return stage_ == Stage::wanted; }
    /// The first step: false where it failed, and who asked was told. Otherwise the guest is to be asked now.
    bool begin();
    /// The end of it: "ok", or why not.
    void answer(std::string_view text);
    /// The guest's answer: where it stands still, the machine is saved before this returns, and the guest waits to be thawed.
    enum class Guest : u8 { stands_still, goes_on };
    Guest take_frozen(ByteSpan payload);

private:
    enum class Stage : u8 { idle, connected, wanted, asked };
    void read();

    int listener_;
    Saving saving_;
    Stage stage_ = Stage::idle;
    FileDescriptor connection_, folder_;
};

}  // namespace spore::host
