// What adapters for SCSI disks do alike: finding disks, asking again what may work then, and telling errors apart [SAM-5, SPC-4].
#pragma once

#include "kernel/device/block.hpp"
#include "wire/scsi.hpp"

namespace spore::drivers::scsi {

/// One of a target's logical units; both count from 0.
struct Unit {
    u8 target, lun;
};

enum class Direction : u8 { to_host, to_device };

struct Order {
    Unit unit;
    const wire::scsi::Command& command;
    std::span<const device::TransferPiece> pieces;
    u32 bytes;  ///< of all pieces
    Direction direction;
};

/// What became of an order: what the adapter says, and when that is `arrived` what the unit says.
struct Answer {
    enum class Delivery : u8 { arrived, arrived_short, busy, no_target, failed };
    Delivery delivery;
    wire::scsi::Status status;
    wire::scsi::Sense sense;
};

class Bus {
public:
    /// Sleeps until the unit has done it. no_device where there is none; read_only, out_of_range or io as the unit says.
    Result<void> run(const Order& order);

protected:
    ~Bus() = default;

    /// Adds a disk for each unit of the first `targets` targets that is one. They live as long as the machine, as must this.
    void add_disks(u32 targets);
    /// Adds a disk for this unit, if it is one.
    void add_only(Unit unit);

    u32 most_bytes_ = 1_MiB;       ///< of one order; a multiple of a page
    bool joins_at_pages_ = false;  ///< pieces of one order must meet at pages' boundaries

private:
    /// Sleeps until the adapter has an answer. io when it is used no more.
    virtual Result<Answer> run_once(const Order& order) = 0;

    Result<void> ask(Unit unit, const wire::scsi::Command& command, std::span<u8> answer, PhysAddr address);
    u32 most_unmapped(Unit unit, std::span<u8> page, PhysAddr address);
    Result<void> add_units(u8 target, std::span<u8> page, PhysAddr address);
    Result<void> add_disk(Unit unit, std::span<u8> page, PhysAddr address);
};

}  // namespace spore::drivers::scsi
