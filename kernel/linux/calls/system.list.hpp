// The system as a whole.
CALL(uname, 63, 160, fails, supported, (UserOut<NewUtsName> result), "")
CALL(sysinfo, 99, 179, fails, supported, (UserOut<SystemInfo> result), "")
CALL(getrandom, 318, 278, fails, supported, (UserBytes buffer, u64 size, Flags flags), "")
CALL(sethostname, 170, 161, fails, supported, (UserData name, u64 size), "")
CALL(setdomainname, 171, 162, fails, supported, (UserData name, u64 size), "")
CALL(reboot, 169, 142, fails, supported, (u32 magic, u32 second_magic, u32 command, UserData name), "")
