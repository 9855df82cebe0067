// What SIOCETHTOOL tells of the interfaces in the arguments: their drivers, links and settings, as ethtool asks for them.
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { siocethtool = 0x8946, settings = 1, driver = 3, link = 10, link_settings = 0x4c, negotiate = 9 };

static int ask(const char* name, void* data) {
    static int channel = -1;
    if (channel < 0) channel = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    request.ifr_data = data;
    return ioctl(channel, siocethtool, &request) < 0 ? errno : 0;
}

int main(int count, char** names) {
    for (int i = 1; i < count; i++) {
        struct {
            uint32_t command;
            char driver[32], rest[160];
        } info = {driver};
        struct {
            uint32_t command, value;
        } value = {link};
        struct {
            uint32_t command, words[10];
        } old = {settings};
        struct {
            uint32_t command, speed;
            uint8_t duplex, port, bytes[5];
            int8_t words;
            uint8_t more[200];
        } new = {link_settings};
        printf("%s\n  driver: %d", names[i], ask(names[i], &info));
        printf(" %s\n  link: %d", info.driver, ask(names[i], &value));
        printf(" %u\n  settings: %d", value.value, ask(names[i], &old));
        printf(", speed %x\n  link settings: %d", old.words[2] & 0xffff, ask(names[i], &new));
        int has_words = new.words < 0;
        new.words = (int8_t)-new.words;
        printf(" %s, then %d", has_words ? "with masks" : "", ask(names[i], &new));
        printf(" speed %d, duplex %d, %s\n", (int)new.speed, new.duplex, new.words > 0 ? "masks" : "no masks");
        value.command = negotiate;
        printf("  negotiation: %d\n", ask(names[i], &value));
    }
    return 0;
}
