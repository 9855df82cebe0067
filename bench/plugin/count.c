// A QEMU TCG plugin that counts what a guest executes: every instruction, and those that would leave a real virtual machine. Counts
// lie in a shared file, so they survive however QEMU ends. The file is one Header, then events: copies of the counters, taken
// - when the kernel's entry is reached (entry=ADDRESS), and at the first instruction of a program after that;
// - wherever the guest runs a marker, `nopl 0x4d524bNN(%rax,%rax)` or on arm64 `movz xzr, #0xb5NN, lsl #48`, no-operations on any processor,
//   with NN as the event's id.
// With profile=FILE it also counts each instruction by address, as records of (address, count, internal, count between even markers
// and the odd ones that follow them).
//
// Options: out=FILE [entry=ADDRESS] [mmio=on] [profile=FILE]
//
// Debian ships no header for plugins, so what is used of API version 1 is declared here [qemu docs/devel/tcg-plugins].
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct block;
struct instruction;
struct hardware_address;
enum { inline_add_u64 = 0, callback_no_registers = 0, access_read_and_write = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*callback)(uint64_t, struct block*));
void qemu_plugin_register_vcpu_insn_exec_inline(struct instruction*, int operation, void* counter, uint64_t amount);
void qemu_plugin_register_vcpu_insn_exec_cb(struct instruction*, void (*callback)(unsigned, void*), int flags, void* data);
void qemu_plugin_register_vcpu_mem_cb(struct instruction*, void (*callback)(unsigned, uint32_t, uint64_t, void*), int flags, int access, void* data);
size_t qemu_plugin_tb_n_insns(const struct block*);
uint64_t qemu_plugin_tb_vaddr(const struct block*);
struct instruction* qemu_plugin_tb_get_insn(const struct block*, size_t index);
const void* qemu_plugin_insn_data(const struct instruction*);
size_t qemu_plugin_insn_size(const struct instruction*);
uint64_t qemu_plugin_insn_vaddr(const struct instruction*);
struct hardware_address* qemu_plugin_get_hwaddr(uint32_t information, uint64_t address);
bool qemu_plugin_hwaddr_is_io(const struct hardware_address*);

EXPORT int qemu_plugin_version = 1;

enum Counter { instructions, port_io, mmio, halts, msr_writes, cpuids, system_calls, interrupt_returns, table_loads, translations, counter_count };
enum { event_kernel_entry = 0x100, event_program_entry = 0x101, max_events = 4000, profile_slots = 1 << 20 };

struct Event {
    uint64_t id;
    uint64_t counters[counter_count];
};
struct Header {
    uint64_t counters[counter_count];
    uint64_t event_count;
    struct Event events[max_events];
};
struct Slot {
    uint64_t address, count, outside, inside;
};

static struct Header* header;
static struct Slot* profile;
static uint64_t entry_address;
static bool count_mmio;
static enum { before_kernel, in_boot, in_kernel, done } phase;

static void record(uint64_t id) {
    if (header->event_count == max_events) return;
    struct Event* event = &header->events[header->event_count];
    event->id = id;
    memcpy(event->counters, header->counters, sizeof event->counters);
    header->event_count++;
}

/// A window starts: notes how much of each count lies outside of windows. It ends: how much lies inside.
static void note_window(bool start) {
    for (struct Slot* slot = profile; slot < profile + profile_slots; slot++) {
        if (start) slot->outside = slot->count - slot->inside;
        else slot->inside = slot->count - slot->outside;
    }
}

static void on_marker(unsigned cpu, void* id) {
    record((uintptr_t)id);
    if (profile) note_window(((uintptr_t)id & 1) == 0);
}

static void on_access(unsigned cpu, uint32_t information, uint64_t address, void* data) {
    struct hardware_address* hardware = qemu_plugin_get_hwaddr(information, address);
    if (hardware && qemu_plugin_hwaddr_is_io(hardware)) header->counters[mmio]++;
}

static uint64_t* profile_counter(uint64_t address) {
    for (uint64_t at = address * 0x9e3779b97f4a7c15u >> 44;; at = (at + 1) % profile_slots) {
        if (profile[at].address == address) return &profile[at].count;
        if (profile[at].address) continue;
        profile[at].address = address;
        return &profile[at].count;
    }
}

/// What kind of instruction it is, or counter_count when no counter is for it. [intel/vol2 appendix A]
static enum Counter kind_of(const uint8_t* code, size_t size) {
    size_t at = 0;
    while (at < size && (code[at] == 0x66 || code[at] == 0x67 || code[at] == 0xf2 || code[at] == 0xf3)) at++;
    if (at < size && (code[at] & 0xf0) == 0x40) at++;  // REX; 32-bit INC and DEC look the same and are none of these
    if (at >= size) return counter_count;
    uint8_t first = code[at], second = at + 1 < size ? code[at + 1] : 0, third = at + 2 < size ? code[at + 2] : 0;
    if ((first >= 0xe4 && first <= 0xe7) || (first >= 0xec && first <= 0xef) || (first >= 0x6c && first <= 0x6f)) return port_io;
    if (first == 0xf4) return halts;
    if (first == 0xcf) return interrupt_returns;
    if (first != 0x0f) return counter_count;
    if (second == 0x30) return msr_writes;
    if (second == 0xa2) return cpuids;
    if (second == 0x05) return system_calls;
    if (second == 0x22 && (third & 0x38) == 0x18) return table_loads;  // mov to CR3
    return counter_count;
}

/// The marker's id, or -1 for any other instruction.
static int marker_of(const uint8_t* code, size_t size) {
    static const uint8_t head[4] = {0x0f, 0x1f, 0x84, 0x00}, tail[3] = {0x4b, 0x52, 0x4d};
    if (size == 8) return !memcmp(code, head, 4) && !memcmp(code + 5, tail, 3) ? code[4] : -1;
    uint32_t word = 0;
    if (size == 4) memcpy(&word, code, 4);
    return (word & ~(0xffu << 5)) == (0xd2e0001f | 0xb500u << 5) ? (int)(word >> 5 & 0xff) : -1;
}

/// A block is translated right before it first runs, so a look at the counters here tells when that was.
static void follow_boot(uint64_t address) {
    bool high = address >> 63;
    if (phase == before_kernel && (address == entry_address || (!entry_address && high))) record(event_kernel_entry), phase = in_boot;
    if (phase == in_boot && high) phase = in_kernel;
    if (phase == in_kernel && !high) record(event_program_entry), phase = done;
}

static void on_translation(uint64_t id, struct block* block) {
    if (phase != done) follow_boot(qemu_plugin_tb_vaddr(block));
    size_t count = qemu_plugin_tb_n_insns(block);
    header->counters[translations] += count;
    for (size_t index = 0; index < count; index++) {
        struct instruction* instruction = qemu_plugin_tb_get_insn(block, index);
        const uint8_t* code = qemu_plugin_insn_data(instruction);
        size_t size = qemu_plugin_insn_size(instruction);
        int marker = marker_of(code, size);
        if (marker >= 0) qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_marker, callback_no_registers, (void*)(uintptr_t)marker);
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, inline_add_u64, &header->counters[instructions], 1);
        enum Counter kind = kind_of(code, size);
        if (kind != counter_count) qemu_plugin_register_vcpu_insn_exec_inline(instruction, inline_add_u64, &header->counters[kind], 1);
        if (profile)
            qemu_plugin_register_vcpu_insn_exec_inline(instruction, inline_add_u64, profile_counter(qemu_plugin_insn_vaddr(instruction)), 1);
        if (count_mmio) qemu_plugin_register_vcpu_mem_cb(instruction, on_access, callback_no_registers, access_read_and_write, NULL);
    }
}

static void* map_file(const char* path, size_t size) {
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 || ftruncate(file, (off_t)size) != 0) return NULL;
    void* at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return at == MAP_FAILED ? NULL : at;
}

EXPORT int qemu_plugin_install(uint64_t id, const void* information, int count, char** options) {
    for (int i = 0; i < count; i++) {
        if (!strncmp(options[i], "out=", 4)) header = map_file(options[i] + 4, sizeof *header);
        if (!strncmp(options[i], "profile=", 8)) profile = map_file(options[i] + 8, profile_slots * sizeof *profile);
        if (!strncmp(options[i], "entry=", 6)) entry_address = strtoull(options[i] + 6, NULL, 0);
        if (!strcmp(options[i], "mmio=on")) count_mmio = true;
    }
    if (!header) return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
