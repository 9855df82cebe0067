// The other side of the NVMe driver: a controller whose namespaces lie in memory, as the specification says [NVM Express 1.4].
#pragma once

#include <cstring>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "arch/mmu.hpp"
#include "base/time.hpp"
#include "kernel/drivers/bus/hardware.hpp"
#include "tests/fakes/cpu.hpp"
#include "wire/nvme.hpp"

namespace spore::fakes {

class NvmeController final : public drivers::Hardware {
public:
    struct Namespace {
        u32 block_shift = 9;
        std::vector<u8> bytes;
        u16 metadata = 0;
        bool read_only = false;
    };
    struct Seen {
        u16 queue;
        wire::nvme::Command command;
        u32 blocks() const { return (command.arguments[2] & 0xffff) + 1; }
    };

    u32 read(u32 offset) override;
    void write(u32 offset, u32 value) override;
    Result<u16> connect_message(u32 cpu, arch::InterruptHandler handler, void* context) override;
    Result<void> connect_shared(arch::InterruptHandler handler, void* context) override;
    void cut_off() override { is_cut_off = true; }

    /// Carries out what was shown on I/O queues, and interrupts. Admin commands are carried out at once.
    void work();
    /// Whether there is something for work().
    bool has_work() const { return !waiting_.empty(); }
    /// Says that a command is done, whatever the rules say.
    void complete(u16 queue, u16 id, u32 status, u32 result = 0);
    void interrupt(u16 queue);

    std::map<u32, Namespace> namespaces;
    u32 version = 0x1'04'00, most_entries = 1024, most_queues = 8, messages = 8, transfer_limit = 0, page_minimum = 0;
    u32 status_of_commands = 0;        ///< what work() says of each
    bool becomes_ready = true, fatal = false, has_cache = true, discards = true, answers_admin = true, interrupts = true;
    bool is_cut_off = false;
    std::vector<Seen> seen;            ///< commands on I/O queues
    std::map<u16, u16> vector_of;      ///< of each completion queue
    unsigned shared_interrupts = 0;
    std::map<u16, u32> cpu_of_vector;

private:
    struct Ring {
        u64 submissions = 0, completions = 0;
        u32 entries = 0, completion_entries = 0, head = 0, tail = 0;
        bool phase = true;
    };
    struct Handler {
        arch::InterruptHandler function;
        void* context;
    };
    void carry_out_admin(const wire::nvme::Command& command);
    void identify(const wire::nvme::Command& command);
    u32 carry_out(const wire::nvme::Command& command);
    /// The bytes of the command's pages, in order.
    std::vector<std::pair<u8*, u32>> parts_of(const wire::nvme::Command& command, u32 bytes);

    std::map<u32, u32> registers_;
    std::map<u16, Ring> rings_;
    std::deque<Seen> waiting_;
    std::vector<Handler> handlers_;
};

}  // namespace spore::fakes
