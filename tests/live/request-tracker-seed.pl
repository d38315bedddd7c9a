# Fills a fresh Request Tracker: an agent account for Deskhand with a token, a
# human agent, a customer, the two custom fields, and the scrip that sends signed
# webhooks. Usage: HOOK_URL=… HOOK_SECRET=… PASSWORD=… PLACE=… perl request-tracker-seed.pl
use strict;
use warnings;
use RT;
RT->LoadConfig;
RT->Init;

sub must {
    my ($what, $ok, $why) = @_;
    die "$what: $why\n" unless $ok;
}

sub make_user {
    my ($name, $privileged) = @_;
    my $user = RT::User->new(RT->SystemUser);
    my ($ok, $why) = $user->Create(
        Name         => $name,
        EmailAddress => ($name =~ /@/ ? $name : "$name\@desk.test"),
        Privileged   => $privileged,
        Password     => $ENV{PASSWORD},
    );
    must("user $name", $ok, $why);
    return $user;
}

my $deskhand = make_user('deskhand', 1);
my $agent    = make_user('sam',      1);
make_user('robin@customers.test', 0);

# What the documents of Deskhand ask an administrator to grant, and no more.
my @agent_rights = qw(SeeQueue ShowTicket ShowTicketComments CommentOnTicket ReplyToTicket
    ModifyTicket OwnTicket SeeCustomField ModifyCustomField);
for my $user ($deskhand, $agent) {
    for my $right (@agent_rights) {
        my ($ok, $why) = $user->PrincipalObj->GrantRight(Right => $right, Object => RT->System);
        must("right $right", $ok, $why);
    }
}
my ($granted, $refusal) =
    $deskhand->PrincipalObj->GrantRight(Right => 'ManageAuthTokens', Object => RT->System);
must('right to have a token', $granted, $refusal);

my $everyone = RT::Group->new(RT->SystemUser);
$everyone->LoadSystemInternalGroup('Everyone');
$everyone->PrincipalObj->GrantRight(Right => $_, Object => RT->System)
    for qw(SeeQueue CreateTicket ReplyToTicket ShowTicket);

my $token = RT::AuthToken->new(RT::CurrentUser->new($deskhand));
my ($made, $why_not, $secret) = $token->Create(Owner => $deskhand->id, Description => 'Deskhand');
must('token', $made, $why_not);
open my $file, '>', "$ENV{PLACE}/token" or die "token: $!";
print {$file} $secret;
close $file;

for (['Tags', 'FreeformMultiple'], ['Journey Stage', 'FreeformSingle']) {
    my ($name, $type) = @$_;
    my $field = RT::CustomField->new(RT->SystemUser);
    my ($ok, $why) = $field->Create(
        Name       => $name,
        Type       => $type,
        LookupType => 'RT::Queue-RT::Ticket',
        Queue      => 0,
    );
    must("custom field $name", $ok, $why);
}

# The scrip leaves a copy of each webhook, so that a test can send it again, and
# keeps it back while a file named `hold` exists, so that a test can be late.
my $code = <<'SCRIP';
use Digest::SHA ();
use JSON ();
use LWP::UserAgent ();
my ($ticket, $change) = ($self->TicketObj, $self->TransactionObj);
my %event = (Create => 'ticket.created', Comment => 'ticket.comment', Correspond => 'ticket.reply');
my $body = JSON->new->utf8->canonical->encode({
    event  => $event{ $change->Type },
    ticket => {
        id         => $ticket->id + 0,
        subject    => $ticket->Subject,
        status     => $ticket->Status,
        queue      => $ticket->QueueObj->Name,
        priority   => $ticket->Priority + 0,
        requestors => $ticket->RequestorAddresses,
    },
    transaction => {
        id            => $change->id + 0,
        type          => $change->Type,
        creator       => $change->CreatorObj->Name,
        creator_email => $change->CreatorObj->EmailAddress,
        created       => $change->CreatedObj->ISO(Timezone => 'utc'),
        content       => scalar $change->Content(Type => 'text/plain'),
    },
});
my $place = '@PLACE@/hooks';
my $copy  = "$place/" . $change->id;
open my $out, '>:raw', "$copy.part" or die "$copy: $!";
print {$out} $body;
close $out;
rename "$copy.part", "$copy.json";
return 1 if -e '@PLACE@/hold';
my $sent = LWP::UserAgent->new(timeout => 5)->post(
    '@HOOK@',
    'Content-Type'   => 'application/json',
    'X-RT-Delivery'  => $change->id,
    'X-RT-Signature' => 'sha256=' . Digest::SHA::hmac_sha256_hex($body, '@SECRET@'),
    Content          => $body,
);
RT->Logger->warning('webhook: ' . $sent->status_line) unless $sent->is_success;
return 1;
SCRIP
my %fill = (PLACE => $ENV{PLACE}, HOOK => $ENV{HOOK_URL}, SECRET => $ENV{HOOK_SECRET});
$code =~ s/\@(PLACE|HOOK|SECRET)\@/$fill{$1}/g;
for my $condition ('On Create', 'On Correspond', 'On Comment') {
    my $scrip = RT::Scrip->new(RT->SystemUser);
    my ($ok, $why) = $scrip->Create(
        Queue             => 0,
        Description       => "tell Deskhand $condition",
        ScripCondition    => $condition,
        ScripAction       => 'User Defined',
        Template          => 'Blank',
        Stage             => 'TransactionCreate',
        CustomPrepareCode => 'return 1;',
        CustomCommitCode  => $code,
    );
    must("scrip $condition", $ok, $why);
}
