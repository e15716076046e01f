from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="action",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="message",
            name="unsubscribe_url",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("read_at", None)),
                fields=["recipient"],
                name="message_unread",
            ),
        ),
    ]
