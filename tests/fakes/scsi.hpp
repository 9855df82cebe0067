// What is behind an adapter for SCSI disks: units of targets, each with its bytes in memory, for tests of drivers.
#pragma once

#include <deque>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "wire/scsi.hpp"

namespace spore::fakes {

class ScsiUnits {
public:
    struct Unit {
        std::vector<u8> bytes;
        u32 block_size = 512;
        bool read_only = false;
        u8 kind = wire::scsi::inquiry_disk;
        u32 unmapped_together = 0;  ///< what it says of that
        u32 most_unmapped = 0;  ///< blocks that it lets go of at once, which read as zeros then; 0: it keeps all
    };
    /// What a command is answered with instead of being carried out; `adapter` is what the adapter says, in its own numbers.
    struct Answer {
        u16 adapter = 0;
        u8 status = 0, key = 0, code = 0;
        bool descriptors = false;
    };
    using Data = std::vector<std::span<u8>>;

    /// Whether what comes with the command is for the unit.
    static bool takes_data(std::span<const u8> command) {
        auto operation = static_cast<wire::scsi::Operation>(command[0]);
        return operation == wire::scsi::Operation::write || operation == wire::scsi::Operation::unmap;
    }
    bool has_target(u8 target) const;
    /// Carries a command out, or answers it with the next of `answers`; `sense` is filled as the answer says. Data goes from or to the memory given.
    Answer carry_out(u8 target, u8 lun, std::span<const u8> command, const Data& read_from, const Data& written_to, std::span<u8> sense);

    std::map<std::pair<u8, u8>, Unit> units;  ///< by target and number
    std::deque<Answer> answers;               ///< of the next reads and writes
    bool knows_report_luns = true;
    std::vector<wire::scsi::Operation> seen;
};

}  // namespace spore::fakes
