#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# faulty-registry.pl PORT UPSTREAM RULES: a registry on 127.0.0.1:PORT that
# passes requests on to the one on 127.0.0.1:UPSTREAM, but for those that a rule
# in the file RULES is for. The file is read anew for each request; a rule a
# line, the first that fits counts:
#
#	METHODS PATH ACTION [ARGUMENT]
#
# METHODS is "*" or "GET|HEAD", PATH a regular expression for the path, a blank
# and the User-Agent, so that the engine's requests and those of buildx can be
# told apart. Actions:
#
#	pass
#	status N TEXT	that answer, TEXT as code and message of its error
#	hang		no answer
#	close		an end without an answer
#	half		half of the body, and the end
#	basic U:P	passed on with these credentials, else 401
#	once		passed on if it is not there yet, else refused, as a
#			registry does that does not replace tags
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use MIME::Base64;

my ($port, $upstream, $rules) = @ARGV;
die "usage: faulty-registry.pl PORT UPSTREAM RULES\n" unless $rules;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	LocalPort => $port, Listen => 64, ReuseAddr => 1)
	or die "port $port: $!\n";
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
while (1) {
	my $client = $server->accept or next;
	if (!fork) {
		close $server;
		serve($client);
		exit 0;
	}
	close $client;
}

# The head of a request and what was read of its body.
sub read_head {
	my ($client) = @_;
	my $text = '';

	while ($text !~ /\r\n\r\n/) {
		sysread($client, $text, 65536, length $text) or exit 0;
		# TLS is tried first, and given up on an answer in clear
		if ($text =~ /^\x16/) {
			print $client "HTTP/1.0 400 Bad Request\r\n\r\n";
			exit 0;
		}
	}
	return $text =~ /^(.*?\r\n)\r\n(.*)$/s;
}

sub rule_for {
	my ($method, $path) = @_;
	my $action = 'pass';

	open my $file, '<', $rules or return $action;
	while (my $line = <$file>) {
		chomp $line;
		my ($methods, $pattern, $rest) = split ' ', $line, 3;
		next unless defined $rest && $path =~ /$pattern/ &&
			($methods eq '*' || $method =~ /^(?:$methods)$/);
		return $rest;
	}
	return $action;
}

sub answer {
	my ($client, $method, $status, $text, $headers) = @_;
	my $code = $text =~ /^([A-Z_]+)/ ? $1 : 'UNKNOWN';
	my $body = qq({"errors":[{"code":"$code","message":"$text"}]});

	print $client "HTTP/1.1 $status Faulty\r\n",
		"Content-Type: application/json\r\n",
		"Docker-Distribution-Api-Version: registry/2.0\r\n",
		$headers // '', "Connection: close\r\nContent-Length: ",
		length $body, "\r\n\r\n", $method eq 'HEAD' ? '' : $body;
}

# One request a connection, so that its end is the end of the answer.
sub connect_upstream {
	my ($head, $body) = @_;
	my $up = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		PeerPort => $upstream) or exit 0;

	$head =~ s/^(Connection|Authorization):.*?\r\n//mgi;
	print $up "${head}Connection: close\r\n\r\n$body";
	$up->flush;
	return $up;
}

sub relay {
	my ($client, $up) = @_;
	my $both = IO::Select->new($client, $up);

	while (my @ready = $both->can_read) {
		for my $from (@ready) {
			my $to = $from == $up ? $client : $up;

			if (!sysread $from, my $data, 65536) {
				return if $from == $up;
				$both->remove($client);
			} else {
				print $to $data;
				$to->flush;
			}
		}
	}
}

sub half {
	my ($client, $up) = @_;
	my ($head, $body) = join('', <$up>) =~ /^(.*?\r\n\r\n)(.*)$/s;

	print $client $head, substr $body, 0, length($body) / 2;
}

# The path of a manifest: does upstream have it?
sub is_there {
	my ($path) = @_;
	my $up = connect_upstream("HEAD $path HTTP/1.1\r\nHost: x\r\n" .
		"Accept: */*\r\n" .
		"Accept: application/vnd.oci.image.index.v1+json\r\n" .
		"Accept: application/vnd.oci.image.manifest.v1+json\r\n" .
		"Accept: application/vnd.docker.distribution.manifest.v2+json" .
		"\r\n", '');
	my $line = <$up> // '';

	return $line =~ / 200 /;
}

sub serve {
	my ($client) = @_;
	my ($head, $body) = read_head($client);
	my ($method, $path) = $head =~ /^(\S+) (\S+)/;
	my ($agent) = $head =~ /^User-Agent: *(.*?)\r\n/mi;
	my ($action, $rest) = split ' ',
		rule_for($method, "$path " . ($agent // '')), 2;

	if ($action eq 'status') {
		my ($status, $text) = split ' ', $rest, 2;
		return answer($client, $method, $status, $text);
	}
	if ($action eq 'hang') {
		# until nobody waits any longer
		1 while sysread $client, my $more, 65536;
		exit 0;
	} elsif ($action eq 'basic') {
		my ($got) = $head =~ /^Authorization: Basic (\S+)/mi;
		return answer($client, $method, 401, 'UNAUTHORIZED: who are you',
			"WWW-Authenticate: Basic realm=\"faulty\"\r\n")
			unless decode_base64($got // '') eq $rest;
	} elsif ($action eq 'once' && is_there($path)) {
		return answer($client, $method, 400, 'TAG_INVALID: the tag ' .
			'already exists and cannot be overwritten because the '
			. 'repository is immutable');
	}
	return if $action eq 'close';
	my $up = connect_upstream($head, $body);
	return $action eq 'half' ? half($client, $up) : relay($client, $up);
}
