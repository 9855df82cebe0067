# What Perl programs lean on.
use strict; use warnings;
use POSIX (); use File::Temp (); use List::Util qw(sum); use Time::HiRes qw(sleep time);
$| = 1;
my %count; $count{$_}++ for split / /, "b a b c b a";
print join(",", map { "$_=$count{$_}" } sort keys %count), "\n";
print "sum ", sum(1 .. 100), "\n";
print "backticks ", `echo hello from a shell`;
system("sh", "-c", "exit 3"); print "status ", $? >> 8, "\n";
pipe(my $in, my $out) or die; my $pid = fork // die;
if (!$pid) { close $in; syswrite $out, "from the child\n"; POSIX::_exit(4) }
close $out; print "pipe ", scalar <$in>; waitpid $pid, 0; print "child ", $? >> 8, "\n";
my $file = File::Temp->new; print $file "line $_\n" for 1 .. 1000; close $file;
open my $again, "<", $file->filename or die; my @lines = <$again>; print "lines ", scalar @lines, "\n";
my $caught = 0; local $SIG{USR1} = sub { $caught++ }; kill USR1 => $$; print "signal $caught\n";
local $SIG{ALRM} = sub { die "alarm\n" }; eval { alarm 1; sleep 10; }; print "died of $@";
open my $sort, "-|", "printf '3\n1\n2\n' | sort -n" or die; print "sorted ", join(" ", map { chomp; $_ } <$sort>), "\n";
my $text = "a1b22c333"; $text =~ s/(\d+)/<$1>/g; print "$text\n";
