// A folder of the host that the guest shares: messages of 9P2000.L go to its server, and replies come back.
#pragma once

#include <span>
#include <string_view>

#include "base/result.hpp"
#include "kernel/device/block.hpp"

namespace spore::device {

class Share {
public:
    virtual ~Share() = default;
    /// The name that the host gave it.
    virtual std::string_view tag() const = 0;
    /// What to ask the server for, where it has more than the one folder, and as which of its users.
    struct Attachment {
        std::string_view path;
        u32 user = 0;
    };
    virtual Attachment attachment() const { return {}; }
    /// Sends the request and sleeps until its reply fills the pieces of `reply`, as far as it reaches. How long the reply is; io when the
    /// device fails. Several callers at once are served side by side, and replies come in any order.
    virtual Result<u32> exchange(std::span<const TransferPiece> request, std::span<const TransferPiece> reply) = 0;
    /// At most so many pieces in a request and its reply together.
    static constexpr std::size_t max_pieces = 20;
};

/// The share with this name, or null. Shares live as long as the machine.
Share* share(std::string_view tag);
void add_share(Share& share);

}  // namespace spore::device
