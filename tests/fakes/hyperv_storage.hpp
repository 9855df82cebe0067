// The other side of the driver for Hyper-V's disks: a controller at the host's end of a channel, with disks in memory.
#pragma once

#include <functional>
#include <set>

#include "tests/fakes/hyperv.hpp"
#include "tests/fakes/scsi.hpp"
#include "wire/hyperv/storage.hpp"

namespace spore::fakes {

class HypervStorage final : public ScsiUnits {
public:
    static constexpr u32 channel = 70;

    /// Is offered by the host that there is, which begins anew.
    explicit HypervStorage(wire::hyperv::Guid interface = wire::hyperv::storage_scsi, wire::hyperv::Guid instance = {});

    /// Carries out what was asked for, all that there is, and completes the last of it first.
    void work();
    bool has_work() const { return !silent && end() && end()->theirs().in != taken_; }
    ChannelEnd* end() const { return host.channel(channel); }

    /// Says that a request is done, whatever the rules say.
    void complete(u64 transaction, u8 outcome = static_cast<u8>(wire::hyperv::StorageOutcome::success), u8 status = 0);
    /// A packet that it begins itself.
    void say(wire::hyperv::StorageOperation operation);

    HypervHost& host;
    bool silent = false, quiet = false, honest = true;
    bool lags = false;                       ///< gives no room of what it has taken back
    bool has_targets = true;                 ///< none is there otherwise
    u8 path = 0;                             ///< that all requests must be for
    u32 most_bytes = 0x40000, short_by = 0;  ///< what it tells, and what of the next reads and writes was not transferred
    std::vector<u16> versions{0x600};        ///< that it knows
    wire::hyperv::StorageOperation refused{}, ignored{};
    std::vector<wire::hyperv::StorageOperation> heard;
    u32 largest = 0;                         ///< bytes of a request's

private:
    std::optional<ChannelEnd::Packet> take();
    void answer(const ChannelEnd::Packet& packet);
    void expect_in_order(wire::hyperv::StorageOperation operation) const;
    void negotiate(const wire::hyperv::StoragePacket& asked, wire::hyperv::StoragePacket& told);
    void execute(const ChannelEnd::Packet& packet, const wire::hyperv::StoragePacket& asked, wire::hyperv::StoragePacket& told);

    wire::hyperv::StorageOperation agreed_{};  ///< the last step of the handshake that it agreed to
    bool is_over_ = false;
    u32 taken_ = 0;       ///< the position up to which it has read
};

}  // namespace spore::fakes
