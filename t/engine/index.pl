# SPDX-License-Identifier: MIT
# index.pl ADDRESS: serves www/ below the current folder, as itself and as a
# proxy for any host; its port is then in the file port, each request in the
# file requests. What it gives may be kept for an hour.
use strict;
use warnings;
use IO::Socket::INET;
use POSIX 'strftime';
my $server = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 20,
	ReuseAddr => 1) or die "no socket at $ARGV[0]: $!";
open my $log, '>>', 'requests' or die;
select((select($log), $| = 1)[0]);
open my $out, '>', 'port.new' or die;
print $out $server->sockport, "\n";
close $out;
rename 'port.new', 'port';
while (my $client = $server->accept) {
	my $request = <$client> // '';
	while (defined(my $line = <$client>)) {
		last if $line =~ /^\s*$/;
	}
	print $log $request;
	my ($path) = $request =~ m{^GET (?:http://[^/]*)?(/[\w./-]*)};
	my $body;
	if (defined $path && -d "www$path") {
		$body = join '', map { m{([^/]+)$}; "<a href=\"$1\">$1</a>\n" }
			glob "www$path/*";
	} elsif (defined $path && open my $file, '<:raw', "www$path") {
		local $/;
		$body = <$file>;
	}
	my $type = ($path // '') =~ /whl$/ ? 'application/zip' : 'text/html';
	print $client defined $body ? "HTTP/1.0 200 OK\r\n" .
		"Content-Type: $type\r\nContent-Length: " . length($body) .
		"\r\nDate: " . strftime('%a, %d %b %Y %T GMT', gmtime) .
		"\r\nCache-Control: max-age=3600\r\n\r\n$body" :
		"HTTP/1.0 404 Not Found\r\n\r\n";
	close $client;
}
